/**
 * What a database feels: a write and a flush, one after the other, with a round trip of 0.2 ms between target and pools that
 * tools/bench/delay.c puts on each link. Beside it: one write with O_DSYNC and the round trip.
 */
import { spawn } from 'node:child_process';
import {
  constants,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TargetConfig } from '../../../src/api/target-config.ts';
import { healthy } from '../../local/local-volume.ts';
import { microseconds } from '../engine/figures.ts';
import { compiled, load } from '../initiator.ts';
import { costOf, openVolume, type Bench, type Volume } from './bench.ts';

const roundTripUs = 200;
const name = '4 KiB write + flush QD1, 0.2 ms round trip';

/**
 * Puts a delay between target and pools, all or the first few: the running target is told of other addresses. Answers the end
 * of it.
 */
export async function delayLinks(
  { dir, folder }: Volume,
  oneWayUs: number,
  links = Infinity,
): Promise<() => void> {
  const file = join(dir, 'config', 'target.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as TargetConfig;
  const places = Object.entries(config.replicas);
  const detours = places.slice(0, links).map(([id, place], i) => ({
    id,
    from: join(folder, `link-${i}`),
    to: place.replication.replace(/^unix:/, ''),
  }));
  const delay = spawn(
    await compiled('delay'),
    [String(oneWayUs), ...detours.flatMap(({ from, to }) => [from, to])],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await new Promise((resolve) => delay.stdout.once('data', resolve));
  const moved = Object.fromEntries(
    detours.map(({ id, from }) => [id, { ...config.replicas[id], replication: `unix:${from}` }]),
  );
  const replicas = { ...config.replicas, ...moved };
  writeFileSync(`${file}.new`, JSON.stringify({ ...config, replicas }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return () => delay.stdin.end();
}

/** Microseconds that one write of 4 KiB takes until it is on the disk: the median of many. */
function rawWriteUs(folder: string): number {
  const file = join(folder, 'raw');
  const { O_CREAT, O_RDWR, O_DIRECT, O_DSYNC } = constants;
  const fd = openSync(file, O_CREAT | O_RDWR | O_DIRECT | O_DSYNC, 0o600);
  const block = new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 1 }).buffer, 0, 4096).fill(0x5a);
  const [blocks, turns] = [1_024, 1_500];
  const took: number[] = [];
  for (let turn = 0; turn < blocks + turns; turn++) {
    const beganMs = performance.now();
    writeSync(fd, block, 0, 4096, (turn % blocks) * 4096);
    if (turn >= blocks) took.push((performance.now() - beganMs) * 1_000); // the file has its places by then
  }
  closeSync(fd);
  rmSync(file);
  return took.toSorted((a, b) => a - b)[turns / 2] ?? Number.NaN;
}

export async function flushLatency(bench: Bench): Promise<void> {
  if (!bench.wanted(name)) return;
  const volume = await openVolume(bench, '1Gi');
  let undelay: () => void = () => undefined;
  try {
    undelay = await delayLinks(volume, roundTripUs / 2);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await healthy(volume.dir);
    const before = rawWriteUs(bench.folder);
    const row = { operation: 'write-flush', bytes: 4096, depth: 1, seconds: 4 * bench.seconds } as const;
    await load(volume.urls, row); // V8 compiles
    const result = await load(volume.urls, row, volume.pids);
    const bound = (before + rawWriteUs(bench.folder)) / 2 + roundTripUs;
    const told = { reference: microseconds(bound), better: 'less' } as const;
    const { p50Us, p99Us } = result;
    bench.report({
      name: `${name}, p50`,
      ours: microseconds(p50Us),
      ratio: p50Us / bound,
      floor: 4,
      goal: 2.5,
      ...told,
      note: costOf(result),
    });
    bench.report({
      name: `${name}, p99`,
      ours: microseconds(p99Us),
      ratio: p99Us / bound,
      floor: 8,
      goal: 5,
      ...told,
    });
  } finally {
    await volume.end();
    undelay();
  }
}
