/** `caskade local snapshot …`: what the commands ask of the target, and what they print. */
import { CommandError } from '../shared/exit-codes.ts';
import { localLimits } from './options.ts';
import { askingOf, targetClient, type Places } from './processes.ts';
import { table } from './status.ts';

/** A quorum may be waited for. */
const commandMs = 30_000;

async function asking<T>(
  places: Places,
  ask: (client: ReturnType<typeof targetClient>, options: { deadlineMs: number }) => Promise<T>,
): Promise<T> {
  const client = targetClient(places);
  try {
    return await askingOf('target', ask(client, { deadlineMs: commandMs }));
  } finally {
    client.close();
  }
}

/** `nowMs`: since 1970. Answers what to print. */
export async function createSnapshot(places: Places, name: string, nowMs: number): Promise<string> {
  const asked = { name, createdMs: nowMs };
  const { snapshot, existed } = await asking(places, (client, options) =>
    client.call('CreateSnapshot', asked, options),
  );
  if (existed) throw new CommandError(`there is a snapshot ${name} already: give another name`);
  return JSON.stringify({ name, number: snapshot?.number ?? 0 });
}

export async function deleteSnapshot(places: Places, name: string): Promise<string> {
  await asking(places, (client, options) => client.call('DeleteSnapshot', { name }, options));
  return JSON.stringify({ name });
}

export async function revertTo(places: Places, name: string, removeNewer: boolean): Promise<string> {
  await asking(places, (client, options) => client.call('RevertToSnapshot', { name, removeNewer }, options));
  return JSON.stringify({ name });
}

export async function listSnapshots(places: Places, json: boolean): Promise<string> {
  const { snapshots } = await asking(places, (client) =>
    client.call('ListSnapshots', {}, { deadlineMs: localLimits.askMs }),
  );
  const seen = snapshots.map(({ name, number, createdMs, sizeBytes }) => ({
    name,
    number,
    created: new Date(createdMs).toISOString(),
    sizeBytes,
  }));
  if (json) return JSON.stringify({ snapshots: seen });
  const rows = seen.map(({ name, number, created, sizeBytes }) => [
    name,
    String(number),
    created,
    String(sizeBytes),
  ]);
  return table([['SNAPSHOT', 'NUMBER', 'CREATED', 'BYTES'], ...rows]).join('\n');
}
