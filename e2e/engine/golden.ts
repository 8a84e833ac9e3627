// Writes the images of src/pool-manager/engine/check/testdata: pools of this format version that must import for ever.
// They are made once per format version and never again.
//   node e2e/engine/golden.ts
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { formatVersion } from '../../src/pool-manager/engine/group/label.ts';
import type { Layout } from '../../src/pool-manager/engine/pool.ts';
import { makeSamplePool } from '../../src/testing/engine/sample-pool.ts';
import { MemoryDevice } from '../../src/testing/memory-device.ts';
import { memoryHost } from '../../src/testing/memory-pool.ts';

const folder = join(import.meta.dirname, '../../src/pool-manager/engine/check/testdata');
const sizeBytes = 16 * 2 ** 20;

async function write(layout: Layout, count: number): Promise<void> {
  const file = join(folder, `pool-${formatVersion}-${layout}.json.gz`);
  if (existsSync(file)) throw new Error(`${file} is there: an image of a format version is never made again`);
  const devices = Array.from(
    { length: count },
    (_, i) => new MemoryDevice({ name: `golden-${i}`, sizeBytes }),
  );
  const views = await makeSamplePool({
    layout,
    groups: [devices],
    host: memoryHost(2),
    seed: 2,
    steps: 24,
    volumeBlocks: 24,
  });
  const images = devices.map((device) => ({
    name: device.name,
    sizeBytes,
    units: [...device.image()]
      .filter(([, bytes]) => bytes.some((byte) => byte !== 0))
      .map(([unit, bytes]) => [unit, Buffer.from(bytes).toString('base64')]),
  }));
  const text = JSON.stringify({ layout, devices: images, views: Object.fromEntries(views) });
  const packed = gzipSync(text, { level: 9 });
  writeFileSync(file, packed);
  console.log(`${file}: ${packed.byteLength} bytes`);
}

mkdirSync(folder, { recursive: true });
await write('stripe', 1);
await write('raidz', 3);
