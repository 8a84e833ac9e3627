/** What an administrator may change of a pool that serves: calls by device names become calls with opened devices. */
import type { BlockDevice } from './engine/block-device.ts';
import type { ManagedPool } from './engine/pool.ts';
import { PoolRefusal } from './engine/refusal.ts';
import type { PoolMedia } from './pool-media.ts';

export type NamedGroups = readonly (readonly string[])[];

/** Groups that the pool has already are skipped: a call whose answer was lost is made again. Throws PoolRefusal. */
export async function addGroups(
  pool: ManagedPool,
  media: PoolMedia,
  wanted: { readonly data: NamedGroups; readonly log: NamedGroups; readonly overwrite: readonly string[] },
): Promise<void> {
  const { dataGroups, logGroups } = pool.status();
  const data = missingFrom(dataGroups, wanted.data);
  const log = missingFrom(logGroups, wanted.log);
  if (data.length + log.length === 0) return;
  const names = [...data, ...log].flat();
  await withDevices(media, names, (devices) => {
    const opened = (groups: NamedGroups) =>
      groups.map((group) => group.flatMap((name) => devices.get(name) ?? []));
    return pool.addGroups({ data: opened(data), log: opened(log), overwrite: wanted.overwrite });
  });
}

/** Throws PoolRefusal. */
export async function replaceDevice(
  pool: ManagedPool,
  media: PoolMedia,
  wanted: { readonly old: string; readonly next: string; readonly overwrite: readonly string[] },
): Promise<void> {
  const { dataGroups, logGroups } = pool.status();
  const present = [...dataGroups, ...logGroups].flat();
  if (present.includes(wanted.next) && !present.includes(wanted.old)) return;
  if (!present.includes(wanted.old))
    throw new PoolRefusal(
      'DeviceMissing',
      `the pool has no device ${wanted.old}: name one of ${present.join(', ')}`,
    );
  await withDevices(media, [wanted.next], async (devices) => {
    for (const device of devices.values())
      await pool.replaceDevice({ old: wanted.old, device, overwrite: wanted.overwrite });
  });
}

function missingFrom(present: NamedGroups, wanted: NamedGroups): NamedGroups {
  const known = new Set(present.flat());
  return wanted.filter((group) => {
    const there = group.filter((name) => known.has(name));
    if (there.length > 0 && there.length < group.length)
      throw new PoolRefusal(
        'LayoutInvalid',
        `the pool has ${there.join(', ')} of the group ${group.join(', ')} already: name devices that it has not`,
      );
    return there.length === 0;
  });
}

/** The pool closes what it took; what it refused is closed here. */
async function withDevices(
  media: PoolMedia,
  names: readonly string[],
  use: (devices: ReadonlyMap<string, BlockDevice>) => Promise<void>,
): Promise<void> {
  const opened = new Map<string, BlockDevice>();
  try {
    for (const name of names) opened.set(name, await media.openDevice(name));
    await use(opened);
  } catch (error) {
    await Promise.all([...opened.values()].map((device) => device.close()));
    throw error;
  }
}
