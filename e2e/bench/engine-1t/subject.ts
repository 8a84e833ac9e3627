/**
 * The process that is measured: imports the pool and serves it. Its parent sends what to do as messages, and may kill it
 * at any moment.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { must } from '../../../src/shared/assert.ts';
import { blockBytes } from '../../../src/shared/block-size.ts';
import { prng } from '../../../src/shared/prng.ts';
import { engineHost } from '../../../src/pool-manager/device/engine-host.ts';
import type { EnginePool } from '../../../src/pool-manager/engine/pool/open-pool.ts';
import { importPool } from '../../../src/pool-manager/engine/pool/pool-import.ts';
import { openTiledDevice, type TiledOptions } from './tiled-device.ts';

export type Task =
  | { readonly do: 'import'; readonly options: TiledOptions; readonly readOnly?: boolean }
  | { readonly do: 'read'; readonly seconds: number; readonly depth: number }
  | { readonly do: 'write'; readonly seconds: number }
  | { readonly do: 'births' }
  | { readonly do: 'close' };

export interface Outcome {
  readonly operations: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The most that was ever resident. */
  readonly residentBytesMax: number;
  readonly tableBytes: number;
  readonly loopMs: number;
  readonly liveBytes: number;
}

const random = prng(1);
const noise = random.bytes(2 ** 20);
let pool: EnginePool | undefined;

const volumeAtRandom = () => must(random.pick(must(pool, 'a pool').volumes()), 'a volume');
const blocksOf = ({ sizeBytes }: { readonly sizeBytes: number }) => sizeBytes / blockBytes;

async function read(seconds: number, depth: number): Promise<number> {
  const endMs = performance.now() + seconds * 1_000;
  let operations = 0;
  const reader = async () => {
    for (; performance.now() < endMs; operations++) {
      const volume = volumeAtRandom();
      await volume.read(random.below(blocksOf(volume)), 1);
    }
  };
  await Promise.all(Array.from({ length: depth }, reader));
  return operations;
}

/** At random over all volumes; a flush of all of it now and then, as file systems do. */
async function write(seconds: number): Promise<number> {
  const endMs = performance.now() + seconds * 1_000;
  let operations = 0;
  while (performance.now() < endMs) {
    const volume = volumeAtRandom();
    await volume.room();
    for (let i = 0; i < 16; i++, operations++) {
      const at = random.below(255) * blockBytes;
      volume.write(volume.last + 1, random.below(blocksOf(volume)), noise.subarray(at, at + blockBytes));
    }
    if (operations % 4_096 === 0) await volume.commit();
  }
  return operations;
}

/** One block of each tenth volume is changed; all that is asked of the others is whether anything has. */
async function births(): Promise<number> {
  const volumes = must(pool, 'a pool').volumes();
  const [changed] = volumes;
  if (changed === undefined) return 0;
  const before = changed.last;
  changed.write(before + 1, 1, noise.subarray(0, blockBytes));
  let found = 0;
  for (const volume of volumes) {
    const after = volume === changed ? before : volume.last;
    const { extents } = await volume.births(after, 0, blocksOf(volume), 100);
    for (const { count } of extents) found += count;
  }
  return found;
}

async function run(task: Task): Promise<number> {
  switch (task.do) {
    case 'import':
      pool = await importPool({
        devices: [await openTiledDevice(task.options)],
        host: engineHost,
        owner: undefined,
        readOnly: task.readOnly ?? false,
      });
      return 1;
    case 'read':
      return await read(task.seconds, task.depth);
    case 'write':
      return await write(task.seconds);
    case 'births':
      return await births();
    case 'close':
      await must(pool, 'a pool').close();
      return 1;
  }
}

const residentBytesMax = () =>
  1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);

async function measure(task: Task): Promise<Outcome> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  loop.enable();
  const operations = await run(task);
  loop.disable();
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const { space } = must(pool, 'a pool').engine.parts;
  const memory = space.memory();
  return {
    operations,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    residentBytesMax: residentBytesMax(),
    tableBytes: memory.batches + memory.units,
    loopMs: loop.percentile(99.9) / 1e6,
    liveBytes: space.room.liveUnits * blockBytes,
  };
}

// Our own parent's message.
process.on('message', (task) => {
  void measure(task as Task).then((outcome) => process.send?.(outcome));
});
