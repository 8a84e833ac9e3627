// tools/pool-reader.py against the engine: pools of every layout with volumes, snapshots, a clone and compressed blocks,
// closed in order and left by a power cut; what the reader extracts must be what was written, byte for byte, and again with
// devices missing.
//   node e2e/engine/reader.ts [--seed=N]
import { execFileSync } from 'node:child_process';
import { ftruncateSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { engineHost } from '../../src/pool-manager/device/engine-host.ts';
import { openFileDevice } from '../../src/pool-manager/device/file-device.ts';
import { nodeZstd } from '../../src/pool-manager/device/node-zstd.ts';
import { contentOfAll } from '../../src/testing/block-content.ts';
import { type LayoutName, layouts, parityOf, type TestLayout } from '../../src/testing/engine/layouts.ts';
import { makeSamplePool } from '../../src/testing/engine/sample-pool.ts';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
/** One of each kind. */
const names: readonly LayoutName[] = [
  'stripe-2',
  'mirror-3',
  'raidz-4',
  'raidz2-6',
  'raidz-2x3',
  'raidz-log',
];
const reader = join(import.meta.dirname, '../../tools/pool-reader.py');
const folder = mkdtempSync(join(tmpdir(), 'caskade-reader-'));

function makeFile(name: string, sizeBytes: number): string {
  const path = join(folder, name);
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, sizeBytes);
  closeSync(descriptor);
  return path;
}

/** Answers how many views were equal; throws when one is not. `isCut`: the power went, and the log has the last commits. */
async function compare(name: LayoutName, isCut: boolean): Promise<number> {
  const { layout, groups: counts, deviceBytes, logs: logCounts = [] }: TestLayout = layouts[name];
  const makeAll = (what: string, all: readonly number[]) =>
    all.map((count, g) =>
      Array.from({ length: count }, (_, i) =>
        makeFile(`${name}-${isCut ? 'cut' : 'closed'}-${what}-${g}-${i}`, deviceBytes),
      ),
    );
  const openAll = (all: readonly (readonly string[])[]) =>
    Promise.all(all.map((group) => Promise.all(group.map((path) => openFileDevice(path)))));
  const [paths, logPaths] = [makeAll('data', counts), makeAll('log', logCounts)];
  const [groups, logs] = [await openAll(paths), await openAll(logPaths)];
  const views = await makeSamplePool({
    layout,
    groups,
    logs,
    host: engineHost,
    zstd: nodeZstd,
    isCut,
    seed: Number(values.seed),
    steps: 70,
    volumeBlocks: 100,
  });
  const fewer = [
    ...paths.flatMap((group) => group.slice(parityOf(layouts[name]))),
    ...logPaths.flatMap((list) => list.slice(1)),
  ];
  let equal = 0;
  for (const devices of new Set([[...paths, ...logPaths].flat(), fewer]))
    for (const [view, { tags, sizeBytes }] of views) {
      if (devices === fewer && view.includes('@')) continue; // the way is the same
      const [volume = '', snapshot] = view.split('@');
      const out = join(folder, 'out');
      const flags = snapshot === undefined ? [] : ['--snapshot', snapshot];
      execFileSync('python3', [reader, 'extract', volume, out, ...flags, '--', ...devices]);
      const due = Buffer.from(contentOfAll(tags)).subarray(0, sizeBytes);
      if (!due.equals(readFileSync(out)))
        throw new Error(`${name}: ${view} differs from ${devices.length} devices`);
      equal++;
    }
  return equal;
}

let passed = 0;
let failed = 0;
try {
  for (const [name, isCut] of names.flatMap((each) => [[each, false] as const, [each, true] as const]))
    try {
      const views = await compare(name, isCut);
      console.log(
        `${name.padEnd(12)} ${isCut ? 'after a power cut' : 'closed in order  '} ${views} views extracted, equal`,
      );
      passed++;
    } catch (error) {
      console.log(
        `${name.padEnd(12)} FAILED (seed ${values.seed}): ${error instanceof Error ? error.message : String(error)}`,
      );
      failed++;
    }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
