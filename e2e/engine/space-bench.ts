/**
 * What names and places cost, without devices: `node e2e/engine/space-bench.ts [--gib=64]`. One line per figure:
 * CPU nanoseconds per operation, bytes of the table per TiB of 4 KiB blocks, milliseconds per checkpoint and import.
 */
import { prng } from '../../src/shared/prng.ts';
import { copyPointer, pointerWords } from '../../src/pool-manager/engine/map/pointer.ts';
import type { BlockSpace } from '../../src/pool-manager/engine/space/block-space.ts';
import { createBlockSpace } from '../../src/pool-manager/engine/space/space.ts';
import { hollowContent, hollowGroup } from '../../src/testing/hollow-group.ts';

const option = (name: string, otherwise: number): number =>
  Number(process.argv.find((each) => each.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise);

const gib = option('gib', 32);
const segments = gib * 256;
const items = new Map<string, Uint8Array>();
const store = {
  put: (key: string, bytes: Uint8Array) => void items.set(key, bytes),
  delete: (key: string) => void items.delete(key),
};
const reader = {
  keys: (prefix: string) => [...items.keys()].filter((key) => key.startsWith(prefix)),
  get: (key: string) => Promise.resolve(items.get(key) ?? new Uint8Array(0)),
};
const open = (): BlockSpace =>
  createBlockSpace({ groups: [hollowGroup(segments, 1024)], storedSum: () => undefined });

const say = (name: string, figure: number, unit: string): void =>
  console.log(`${name.padEnd(44)} ${figure.toFixed(figure < 10 ? 2 : 0).padStart(8)} ${unit}`);

function timed(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

const space = open();
const blocks = Math.floor(space.room.totalUnits * 0.8);
const words = new Uint32Array(blocks * pointerWords);
const random = prng(1);
let txg = 1;

const appendNs = timed(() => {
  for (let i = 0; i < blocks; i++)
    space.append('data', hollowContent, 0, 8, 1, i, i, 1, words, i * pointerWords);
});
say('append, sequential', appendNs / blocks, 'ns');
const adoptNs = timed(() => {
  for (let i = 0; i < blocks; i++) space.adopt(words, i * pointerWords);
});
say('adopt, in order', adoptNs / blocks, 'ns');
const checkpoint = async (): Promise<number> => {
  const before = process.cpuUsage();
  await space.changes(txg, store);
  const { user, system } = process.cpuUsage(before);
  const ns = (user + system) * 1000;
  space.release(txg, Infinity, txg);
  txg++;
  return ns / 1e6;
};
space.seal();
await checkpoint();
say('checkpoint of the table, nothing changed', await checkpoint(), 'ms');
const order = new Uint32Array(1_000_000).map(() => random.below(blocks));
say('place, random, never moved', lookups(), 'ns');
tableBytes('fresh');

/** Overwrites at random, with cleaning; answers nanoseconds per block for append + adopt + free. */
const rounds = option('rounds', 3);
const fresh = new Uint32Array(8192 * pointerWords);
let ns = 0;
let moved = 0;
let movedNs = 0;
let checkpointMs = 0;
for (let done = 0; done < blocks * rounds; done += 8192) {
  const chosen = new Set<number>();
  while (chosen.size < 8192) chosen.add(random.below(blocks));
  ns += timed(() => {
    for (let i = 0; i < 8192; i++)
      space.append('data', hollowContent, 0, 8, 1, i, i, 1, fresh, i * pointerWords);
    let i = 0;
    for (const block of chosen) {
      space.adopt(fresh, i * pointerWords);
      space.free(words, block * pointerWords, txg);
      copyPointer(fresh, i * pointerWords, words, block * pointerWords);
      i++;
    }
  });
  const before = process.cpuUsage();
  const owed = space.cleaning.debt(8192);
  if (owed > 0) moved += await space.cleaning.clean(owed);
  while (space.room.userUnitsNow < 8192) {
    moved += await space.cleaning.clean(4096);
    await checkpoint();
  }
  const { user, system } = process.cpuUsage(before);
  movedNs += (user + system) * 1000;
  if (space.room.heldUnits > space.room.totalUnits / 128 || (done / 8192) % 64 === 0)
    checkpointMs = Math.max(checkpointMs, await checkpoint());
}
say('append + adopt + free, random overwrite', ns / (blocks * rounds), 'ns');
say('moved, without reading and writing', movedNs / moved, 'ns');
say('amplification', 1 + moved / (blocks * rounds), '');
say('checkpoint of the table, slowest', checkpointMs, 'ms');
say('place, random, aged', lookups(), 'ns');
tableBytes(`after ${rounds} overwrites`);
space.seal();
await checkpoint();
const before = process.cpuUsage();
const again = open();
await again.load(reader, txg - 1, space.nextBatch() + 2 ** 20);
const { user, system } = process.cpuUsage(before);
say('import of the table', (user + system) / 1000 / (gib / 1024) / 1000, 's per TiB of segments');
if (again.room.liveUnits !== space.room.liveUnits) throw new Error('what was imported is not what was there');

function lookups(): number {
  let sum = 0;
  const lookupNs = timed(() => {
    for (const block of order) sum += space.place(words, block * pointerWords)?.unit ?? 0;
  });
  return sum < 0 ? 0 : lookupNs / order.length;
}

function tableBytes(when: string): void {
  const { batches, units, pieces } = space.memory();
  say(`pieces per MiB live, ${when}`, (pieces * 256) / blocks, '');
  const perTiB = (bytes: number) => (bytes * (2 ** 28 / blocks)) / 2 ** 20;
  say(`batches in memory, ${when}`, perTiB(batches), 'MiB per TiB live');
  say(`units in memory, ${when}`, perTiB(units), 'MiB per TiB live');
}
