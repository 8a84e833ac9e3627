import { describe, expect, test } from '@jest/globals';
import { must } from '../../../shared/assert.ts';
import { prng } from '../../../shared/prng.ts';
import { memoryGroup } from '../../../testing/memory-group.ts';
import type { SystemSegments } from './item-segments.ts';
import { DamagedItemError, ItemStore } from './item-store.ts';

const segments = 24;
const segmentUnits = 16;

/** One group whose segments are given out in turn; a freed one is free two checkpoints later. */
function openSegments() {
  const group = memoryGroup({ segments, segmentUnits });
  const states = Array.from({ length: segments }, () => 'free' as 'free' | 'system' | number);
  const system: SystemSegments = {
    openSystem() {
      const segment = states.indexOf('free');
      if (segment < 0) throw new Error('no segment is free');
      states[segment] = 'system';
      return { group, writer: group.open(segment) };
    },
    claimSystem: (_, segment) => void (states[segment] = 'system'),
    freeSystem: (_, segment, txg) => void (states[segment] = txg),
  };
  const release = (txg: number) =>
    states.forEach((state, i) => typeof state === 'number' && state + 2 <= txg && (states[i] = 'free'));
  return { group, states, system, release };
}

const bytesOf = (random: ReturnType<typeof prng>) => random.bytes(random.below(3) * random.below(9_000));

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

async function loaded(made: ReturnType<typeof openSegments>, directory: Parameters<ItemStore['load']>[0]) {
  const store = new ItemStore([made.group], made.system);
  await store.load(directory);
  store.claim();
  return store;
}

describe('items', () => {
  test('are what was put last, after each checkpoint and each import', async () => {
    const random = prng(3);
    const made = openSegments();
    let store = new ItemStore([made.group], made.system);
    const model = new Map<string, Uint8Array>();
    for (let txg = 1; txg <= 120; txg++) {
      for (let i = random.below(3); i > 0; i--) {
        const key = `k/${random.below(8)}`;
        if (random.chance(0.2)) {
          store.delete(key);
          model.delete(key);
        } else {
          const bytes = bytesOf(random);
          store.put(key, bytes);
          model.set(key, bytes);
        }
      }
      const directory = await store.write(txg);
      await store.drained();
      made.release(txg);
      if (random.chance(0.1)) {
        made.states.fill('free');
        store = await loaded(made, directory);
        made.release(txg);
      }
      expect(store.keys('k/')).toEqual([...model.keys()].toSorted());
      for (const [key, bytes] of model) expect(isSame(await store.get(key), bytes)).toBe(true);
    }
  });

  test('one that never changes is written anew, so that segments become free', async () => {
    const made = openSegments();
    const store = new ItemStore([made.group], made.system);
    store.put('still', Uint8Array.of(1));
    for (let txg = 1; txg <= 200; txg++) {
      store.put('often', Uint8Array.of(txg));
      await store.write(txg);
      await store.drained();
      made.release(txg);
    }
    expect(made.states.filter((state) => state !== 'free').length).toBeLessThan(10);
    expect(await store.get('still')).toEqual(Uint8Array.of(1));
  });

  test('of the two roots before, the directory and all items are whole still', async () => {
    const made = openSegments();
    const store = new ItemStore([made.group], made.system);
    const directories = [];
    for (let txg = 1; txg <= 60; txg++) {
      store.put('a', new Uint8Array(20_000).fill(txg));
      directories[txg] = await store.write(txg);
      await store.drained();
      made.release(txg);
      if (txg < 3) continue;
      const before = await loaded(
        { ...openSegments(), group: made.group },
        must(directories[txg - 2], 'the directory'),
      );
      expect(isSame(await before.get('a'), new Uint8Array(20_000).fill(txg - 2))).toBe(true);
    }
  });

  test('a unit that is damaged, or of another time or place, is no item', async () => {
    const made = openSegments();
    const store = new ItemStore([made.group], made.system);
    store.put('a', new Uint8Array(5_000).fill(9));
    const directory = await store.write(1);
    await store.drained();
    const content = made.group.contentOf(0);
    const whole = content.slice();
    content[4_500] = 0;
    await expect(loaded(made, directory).then((again) => again.get('a'))).rejects.toThrow(DamagedItemError);
    content.set(whole);
    content.copyWithin(0, 4096, 8192);
    await expect(loaded(made, directory).then((again) => again.get('a'))).rejects.toThrow(DamagedItemError);
    content.set(whole);
    await expect(loaded(made, { ...directory, txg: 2 })).rejects.toThrow(DamagedItemError);
    expect(await (await loaded(made, directory)).get('a')).toEqual(new Uint8Array(5_000).fill(9));
  });
});
