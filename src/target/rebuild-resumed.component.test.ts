/** A rebuild that is interrupted goes on where it was, over sockets and a pool that loses what was not durable. */
import { expect, test } from '@jest/globals';
import { prng } from '../shared/prng.ts';
import type { ReplicaRig } from '../testing/replica-rig.ts';
import { rigPerTest } from '../testing/rig-per-test.ts';

const sizeBytes = 16 * 2 ** 20;
/** So slow that it is seen on its way, and held there whatever else the machine does. */
const bytesPerSecond = 6 * 2 ** 20;
const bed = rigPerTest({ replicas: 3, sizeBytes, port: 21_220 });

/** Counts what this store is given by a rebuild. */
function bytesTakenIn(store: ReturnType<ReplicaRig['store']>): { bytes: number } {
  const counted = { bytes: 0 };
  const copyIn = store.copyIn.bind(store);
  store.copyIn = (extents) => {
    for (const { data } of extents) counted.bytes += data?.byteLength ?? 0;
    copyIn(extents);
  };
  return counted;
}

test('a replica that dies at 90 percent of its rebuild goes on there when it is back, and its content is proved', async () => {
  const timing = {
    paceBytesFirst: bytesPerSecond,
    paceBytesMin: bytesPerSecond,
    paceBytesMax: bytesPerSecond,
    progressMs: 50,
    commitMs: 50,
    windowBytesMax: 2 ** 20,
  };
  const rig = await bed.start({ timing });
  const target = rig.target();
  await target.serving;
  await rig.crash(2);
  const content = prng(71).bytes(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 2 ** 18) await target.write(at, content.subarray(at, at + 2 ** 18));
  await target.flush();
  const first = bytesTakenIn(rig.store(2));
  await rig.start(2);
  const rebuild = () => target.status().replicas[2]?.rebuild;
  const percentFrom = (least: number) =>
    bed.until(`${least} percent`, () => {
      const percent = rebuild()?.percent ?? 0;
      return percent >= least ? percent : undefined;
    });
  await percentFrom(90);
  await rig.crash(2);
  const again = bytesTakenIn(rig.store(2));
  await rig.start(2);
  const healed = () => (target.status().phase === 'Healthy' ? target.status() : undefined);
  const { replicas } = await bed.until('healthy', healed);
  // What was copied since the cursor was last durable may come again, and what was under way in each of the lanes; no more.
  expect(first.bytes).toBeGreaterThan(0.8 * sizeBytes);
  expect(again.bytes).toBeLessThan(sizeBytes / 4);
  expect(replicas[2]?.proof?.root).toMatch(/^[0-9a-f]+$/);
  expect(replicas[2]?.mismatches).toBe(0);
  const digests = await Promise.all([0, 1, 2].map((i) => rig.store(i).digest(0, sizeBytes / 4096)));
  expect(new Set(digests.map((digest) => Buffer.from(digest).toString('hex'))).size).toBe(1);
}, 120_000);
