/** `caskade pool send`: what was born in a volume of one pool goes to another one, chunk by chunk. */
import { CommandError } from '../../shared/exit-codes.ts';
import type { GrpcClient } from '../../shared/grpc/client.ts';
import type { PoolService } from './pool-service.ts';

/** Of a call that moves or writes a chunk of 1 MiB. */
const deadlineMs = 60_000;
/** Of the whole stream. */
const streamDeadlineMs = 24 * 3_600_000;

export interface Sending {
  readonly volume: string;
  readonly as: string;
  readonly snapshot: string;
  readonly replicaId: string;
}

/** Answers what to print. The replica is made if it is not there; it goes on from the number that it has. */
export async function sendVolume(
  from: GrpcClient<PoolService>,
  to: GrpcClient<PoolService>,
  { volume, as, snapshot, replicaId }: Sending,
): Promise<string> {
  const origin = (await from.call('GetStatus', {}, { deadlineMs })).replicas.find(
    (replica) => replica.volume === volume,
  );
  if (origin === undefined) throw new CommandError(`the pool holds no replica of ${volume}`);
  const { sizeBytes } = origin;
  const find = async () =>
    (await to.call('GetStatus', {}, { deadlineMs })).replicas.find((replica) => replica.volume === as);
  if ((await find()) === undefined)
    await to.call('CreateReplica', { volume: as, replicaId, sizeBytes }, { deadlineMs });
  const after = (await find())?.last ?? 0;
  const abort = new AbortController();
  let [blocks, number] = [0, after];
  const chunks = from.stream(
    'SendBirths',
    { volume, after, snapshot },
    {
      deadlineMs: streamDeadlineMs,
      signal: abort.signal,
    },
  );
  try {
    for await (const chunk of chunks) {
      await to.call('ReceiveBirths', { volume: as, chunk, snapshot }, { deadlineMs });
      for (const { count, data } of chunk.births) blocks += data.byteLength > 0 ? count : 0;
      ({ number } = chunk);
    }
  } finally {
    abort.abort();
  }
  return `${as}: ${blocks} blocks, from number ${after} to ${number}`;
}
