/** A replica core in the states that the tests of its rules begin with. */
import { adopt, benchTiming, ReplicaBench, write } from './bench.ts';
import type { CopyReply } from '../../replication/copy.ts';
import type { EpochStart } from '../../replication/history.ts';

export const t1 = { epoch: 1, nonce: 11 };
export const t2 = { epoch: 2, nonce: 22 };
export const t3 = { epoch: 3, nonce: 33 };
export const e1: EpochStart[] = [{ epoch: 1, first: 10, previousLast: 0 }];
export const source = { replicaId: 'r2', address: 'r2', ticket: '' };
export const leaseMs = benchTiming.leaseMs;

/** In sync with T1, which has adopted at 10 and written the blocks 0… with tags 1…, from number 11 on. */
export function inSync(options: { readonly writes?: number; readonly durable?: boolean } = {}): ReplicaBench {
  const bench = new ReplicaBench();
  bench.attach(1, t1, e1, 0);
  bench.entry(1, t1, 10, adopt(1, 0));
  bench.commit();
  bench.tell(1, t1, { type: 'inSync', cutBefore: 0 });
  for (let i = 0; i < (options.writes ?? 0); i++) bench.entry(1, t1, 11 + i, write(i, i + 1));
  if (options.durable === true) bench.commit();
  return bench;
}

export const rebuildBy = (
  bench: ReplicaBench,
  link: number,
  fence: typeof t1,
  firstLive: number,
  epochs = e1,
) =>
  bench.tell(link, fence, {
    type: 'rebuild',
    attachId: 1,
    epochs,
    firstLive,
    sizeBytes: 8 * 4096,
    values: {},
    source,
  });

/** T2 has adopted 10 alone: what T1 wrote after it is dead. It rebuilds this replica from 200 on. */
export const e2 = [...e1, { epoch: 2, first: 100, previousLast: 10 }];
export function rebuilding(bench = inSync({ writes: 3, durable: true })): ReplicaBench {
  bench.promise(2, t2);
  rebuildBy(bench, 2, t2, 200, e2);
  bench.commit();
  return bench;
}

/** What the source answers to the question that is open. */
export function reply(bench: ReplicaBench, answer: Partial<Extract<CopyReply, { type: 'blocks' }>>): void {
  const asked = bench.asked.shift();
  const next = asked?.request.type === 'copy' ? asked.request.block + asked.request.count : 0;
  asked?.done({ ok: true, value: { type: 'blocks', extents: [], next, highestBirth: 0, ...answer } });
  bench.commit();
}
