/**
 * The process that is measured: one pool on files, and the loads that it is put under. Its parent sends a load as a
 * message and gets back what it took; CPU is that of all its threads.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { must } from '../../../src/shared/assert.ts';
import { blockBytes } from '../../../src/shared/block-size.ts';
import { prng } from '../../../src/shared/prng.ts';
import { engineHost } from '../../../src/pool-manager/device/engine-host.ts';
import { collectLate } from '../../../src/pool-manager/device/heap-limits.ts';
import { deviceIo } from '../../../src/pool-manager/device/device-io.ts';
import { ioShare, yieldToLoop } from '../../../src/pool-manager/device/io-threads.ts';
import { openFileDevice } from '../../../src/pool-manager/device/file-device.ts';
import { createPool } from '../../../src/pool-manager/engine/pool/pool-create.ts';
import type { Layout } from '../../../src/pool-manager/engine/pool.ts';
import type { VolumeStore } from '../../../src/pool-manager/engine/volume-store.ts';
import { readAll } from './subject-reads.ts';
import { fill, untilCleaned } from './subject-room.ts';

export type Load =
  | { readonly do: 'open'; readonly layout: Layout; readonly groups: readonly (readonly string[])[] }
  | { readonly do: 'close' }
  | { readonly do: 'volume'; readonly sizeBytes: number }
  | { readonly do: 'sequentialWrite'; readonly bytes: number }
  | { readonly do: 'sequentialRead'; readonly bytes: number }
  | { readonly do: 'randomWrite'; readonly seconds: number; readonly skew?: boolean }
  | { readonly do: 'acknowledge'; readonly operations: number }
  | { readonly do: 'writeFlush'; readonly seconds: number; readonly depth: number }
  | { readonly do: 'randomRead'; readonly seconds: number; readonly depth: number }
  | { readonly do: 'snapshots'; readonly count: number }
  | { readonly do: 'births' }
  | { readonly do: 'fill' }
  | { readonly do: 'idle'; readonly seconds: number }
  | { readonly do: 'settle' };

export interface Measured {
  readonly operations: number;
  readonly seconds: number;
  readonly cpuUs: number;
  /** Bytes that went to the files. */
  readonly writtenBytes: number;
  /** Longest time a writer was kept waiting, and the turn of the event loop at p99.9. */
  readonly waitMsMax: number;
  readonly loopMs: number;
  /** What else the load tells. */
  readonly extra: Readonly<Record<string, number>>;
}

collectLate(); // as a pool daemon does

const chunkBlocks = 256;
const random = prng(1);
/** Incompressible, and never changed: the engine may keep what it is given. */
const noise = random.bytes(8 * 2 ** 20);
const blockOf = (n: number) => {
  const at = (n % 2_048) * blockBytes;
  return noise.subarray(at, at + blockBytes);
};
const chunkOf = (n: number) => {
  const at = (n % 7) * 2 ** 20;
  return noise.subarray(at, at + 2 ** 20);
};

let pool: Awaited<ReturnType<typeof createPool>> | undefined;
let store: VolumeStore | undefined;
let volumes = 0;
let waitMsMax = 0;

const volume = () => must(store, 'a volume');
const blocks = () => volume().sizeBytes / blockBytes;

async function open(layout: Layout, paths: readonly (readonly string[])[]): Promise<void> {
  const operationsMax = ioShare(paths.flat().length, deviceIo().name).operationsPerDevice;
  const groups = await Promise.all(
    paths.map((group) => Promise.all(group.map((path) => openFileDevice(path, { operationsMax })))),
  );
  const overwrite = groups.flat().map(({ name }) => name);
  pool = await createPool({ layout, groups, overwrite, host: engineHost });
  yieldToLoop();
}

async function room(): Promise<void> {
  const startMs = performance.now();
  await volume().room();
  waitMsMax = Math.max(waitMsMax, performance.now() - startMs);
}

/** One turn of the event loop: what has completed is taken in. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function sequentialWrite(bytes: number): Promise<number> {
  const chunks = bytes / 2 ** 20;
  const span = Math.floor(blocks() / chunkBlocks);
  for (let i = 0; i < chunks; i++) {
    await room();
    volume().write(volume().last + 1, (i % span) * chunkBlocks, chunkOf(i));
  }
  await volume().commit();
  return chunks;
}

async function sequentialRead(bytes: number): Promise<number> {
  const chunks = bytes / 2 ** 20;
  const span = Math.floor(blocks() / chunkBlocks);
  let next = 0;
  return await readAll(volume(), 8, chunkBlocks, () =>
    next < chunks ? (next++ % span) * chunkBlocks : undefined,
  );
}

/** Overwrites at random; with `skew` four of five go to a fifth of the blocks. Ends with a commit. */
async function randomWrite(seconds: number, skew: boolean): Promise<number> {
  const endMs = performance.now() + seconds * 1_000;
  const count = blocks();
  let operations = 0;
  while (performance.now() < endMs) {
    await room();
    for (let i = 0; i < 64; i++) {
      const span = skew && random.chance(0.8) ? Math.floor(count / 5) : count;
      volume().write(volume().last + 1, random.below(span), blockOf(operations++));
    }
    await turn(); // as between what two reads of a socket bring
  }
  await volume().commit();
  return operations;
}

/** Only what it takes to take writes in; nothing is waited for but room. */
async function acknowledge(operations: number): Promise<number> {
  const count = blocks();
  for (let i = 0; i < operations; i++) {
    if (i % 64 === 0) await room();
    volume().write(volume().last + 1, random.below(count), blockOf(i));
  }
  return operations;
}

async function writeFlush(seconds: number, depth: number): Promise<number> {
  const endMs = performance.now() + seconds * 1_000;
  const count = blocks();
  let operations = 0;
  const writer = async () => {
    while (performance.now() < endMs) {
      volume().write(volume().last + 1, random.below(count), blockOf(operations++));
      await volume().commit();
    }
  };
  await Promise.all(Array.from({ length: depth }, writer));
  return operations;
}

async function randomRead(seconds: number, depth: number): Promise<number> {
  const endMs = performance.now() + seconds * 1_000;
  const count = blocks();
  return await readAll(volume(), depth, 1, () =>
    performance.now() < endMs ? random.below(count) : undefined,
  );
}

/** While writers are at work: how long creating one takes, and how long it holds them up. */
async function snapshots(count: number, extra: Record<string, number>): Promise<number> {
  let createMs = 0;
  let stallMs = 0;
  for (let i = 0; i < count; i++) {
    await acknowledge(2_000);
    const startMs = performance.now();
    volume().snapshot(`bench-${volumes}-${i}`);
    createMs = Math.max(createMs, performance.now() - startMs);
    const committed = volume().commit();
    for (let k = 0; k < 20; k++) {
      const beforeMs = performance.now();
      await acknowledge(64);
      await turn();
      stallMs = Math.max(stallMs, performance.now() - beforeMs);
    }
    await committed;
  }
  for (const { name } of volume().snapshots()) volume().deleteSnapshot(name);
  await volume().commit();
  extra['createMs'] = createMs;
  extra['stallMs'] = stallMs;
  return count;
}

/** All of the volume in ranges; then one changed block. */
async function births(extra: Record<string, number>): Promise<number> {
  const count = blocks();
  const list = async (after: number) => {
    let found = 0;
    for (let next = 0; next < count;) {
      const some = await volume().births(after, next, count - next, 4_096);
      for (const extent of some.extents) found += extent.count;
      next = some.next;
    }
    return found;
  };
  const operations = await list(0);
  const before = volume().last;
  volume().write(before + 1, random.below(count), blockOf(1));
  await pool?.settled();
  const startMs = performance.now();
  const changed = await list(before);
  extra['oneMs'] = performance.now() - startMs;
  extra['changed'] = changed;
  return operations;
}

async function run(load: Load, extra: Record<string, number>): Promise<number> {
  switch (load.do) {
    case 'open':
      await open(load.layout, load.groups);
      extra['usableBytes'] = must(pool, 'a pool').status().totalBytes;
      extra['segmentsBytes'] = must(pool, 'a pool').engine.parts.space.room.totalUnits * blockBytes;
      return 1;
    case 'close':
      await must(pool, 'a pool').close();
      return 1;
    case 'volume':
      if (store !== undefined) await must(pool, 'a pool').destroyVolume(store.identity.guid);
      store = undefined;
      await must(pool, 'a pool').settled();
      store = await must(pool, 'a pool').createVolume({
        volume: `bench-${++volumes}`,
        replicaId: 'r',
        sizeBytes: load.sizeBytes,
      });
      return 1;
    case 'sequentialWrite':
      return await sequentialWrite(load.bytes);
    case 'sequentialRead':
      return await sequentialRead(load.bytes);
    case 'randomWrite':
      return await randomWrite(load.seconds, load.skew ?? false);
    case 'acknowledge':
      return await acknowledge(load.operations);
    case 'writeFlush':
      return await writeFlush(load.seconds, load.depth);
    case 'randomRead':
      return await randomRead(load.seconds, load.depth);
    case 'snapshots':
      return await snapshots(load.count, extra);
    case 'births':
      return await births(extra);
    case 'fill':
      return await fill(must(pool, 'a pool'), volume(), noise);
    case 'idle':
      await untilCleaned(must(pool, 'a pool').engine.parts.space.cleaning, load.seconds);
      extra['freeBytes'] = must(pool, 'a pool').engine.parts.space.room.freeUnits * blockBytes;
      return 1;
    case 'settle':
      await must(pool, 'a pool').settled();
      return 1;
  }
}

/** Bytes that this process had written to storage. */
const writtenBytes = () =>
  Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0);

/** Units of data that were appended, and that were moved. */
function spaceUnits(): { readonly appended: number; readonly moved: number } {
  const space = pool?.engine.parts.space;
  return { appended: space?.appended.data ?? 0, moved: space?.cleaning.moved.data ?? 0 };
}

async function measure(load: Load): Promise<Measured> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  waitMsMax = 0;
  const extra: Record<string, number> = {};
  const written = writtenBytes();
  const units = spaceUnits();
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  loop.enable();
  const operations = await run(load, extra);
  loop.disable();
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  extra['rssBytes'] = process.memoryUsage.rss();
  const after = spaceUnits();
  extra['appendedUnits'] = after.appended - units.appended;
  extra['movedUnits'] = after.moved - units.moved;
  return {
    operations,
    seconds,
    cpuUs: user + system,
    writtenBytes: writtenBytes() - written,
    waitMsMax,
    loopMs: loop.percentile(99.9) / 1e6,
    extra,
  };
}

// Our own parent's message.
process.on('message', (load) => {
  void measure(load as Load).then((measured) => process.send?.(measured));
});

// The process that gives discards back would keep this one alive: a pool that is measured is not closed.
process.on('disconnect', () => process.exit());
