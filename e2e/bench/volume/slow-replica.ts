/** One of three replicas answers 200 ms later than the others (tools/bench/delay.c on its link): what writes feel of it. */
import { healthy } from '../../local/local-volume.ts';
import { microseconds } from '../engine/figures.ts';
import { load } from '../initiator.ts';
import { costOf, openVolume, type Bench } from './bench.ts';
import { delayLinks } from './flush-latency.ts';

const oneWayUs = 100_000;
const ratePerSecond = 4_000;
const name = '4 KiB write p99, one replica 200 ms slower, at 4000/s';

export async function slowReplica(bench: Bench): Promise<void> {
  if (!bench.wanted(name)) return;
  const volume = await openVolume(bench, '1Gi');
  const row = {
    operation: 'write',
    bytes: 4096,
    depth: 32,
    rate: ratePerSecond,
    warmSeconds: bench.seconds,
    seconds: 5 * bench.seconds,
  } as const;
  let undelay: () => void = () => undefined;
  try {
    const before = await load(volume.urls, row, volume.pids);
    undelay = await delayLinks(volume, oneWayUs, 1);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await healthy(volume.dir);
    const during = await load(volume.urls, row, volume.pids);
    bench.report({
      name,
      ours: microseconds(during.p99Us),
      reference: microseconds(before.p99Us),
      ratio: during.p99Us / before.p99Us,
      floor: 1.5,
      goal: 1.1,
      better: 'less',
      note: costOf(during),
    });
  } finally {
    await volume.end();
    undelay();
  }
}
