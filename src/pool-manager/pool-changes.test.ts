import { expect, test } from '@jest/globals';
import type { BlockDevice } from './engine/block-device.ts';
import type { ManagedPool } from './engine/pool.ts';
import { PoolRefusal } from './engine/refusal.ts';
import { addGroups, replaceDevice } from './pool-changes.ts';
import type { PoolMedia } from './pool-media.ts';

/** A pool of the mirror a, b with a log device l, and media that have every device but `gone`. */
function world(refusal?: PoolRefusal) {
  const calls: string[] = [];
  const device = (name: string) => ({ name, close: () => Promise.resolve(void calls.push(`close ${name}`)) });
  const names = (groups: readonly (readonly BlockDevice[])[]) =>
    groups.map((group) => group.map(({ name }) => name).join('+')).join(' ');
  const answer = (call: string) => {
    calls.push(call);
    return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
  };
  const pool = {
    status: () => ({ dataGroups: [['a', 'b']], logGroups: [['l']] }),
    addGroups: ({ data, log, overwrite }: Parameters<ManagedPool['addGroups']>[0]) =>
      answer(`add ${names(data)} | ${names(log)} | ${overwrite.join()}`),
    replaceDevice: ({ old, device: next }: Parameters<ManagedPool['replaceDevice']>[0]) =>
      answer(`replace ${old} by ${next.name}`),
  } as unknown as ManagedPool;
  const media = {
    openDevice: (name) =>
      name === 'gone'
        ? Promise.reject(new PoolRefusal('DeviceMissing', 'device gone is not there'))
        : Promise.resolve(device(name) as Partial<BlockDevice> as BlockDevice),
  } as Partial<PoolMedia> as PoolMedia;
  return { pool, media, calls };
}
const add = (data: readonly (readonly string[])[], log: readonly (readonly string[])[] = []) => ({
  data,
  log,
  overwrite: ['c'],
});

test('groups are opened and handed over, those that are there are left out', async () => {
  const { pool, media, calls } = world();
  await addGroups(
    pool,
    media,
    add(
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      [['l'], ['m']],
    ),
  );
  expect(calls).toEqual(['add c+d | m | c']);
  await addGroups(pool, media, add([['a', 'b']]));
  expect(calls).toHaveLength(1);
});

test('a group of which the pool has a part is refused, nothing is opened', async () => {
  const { pool, media, calls } = world();
  await expect(addGroups(pool, media, add([['b', 'c']]))).rejects.toThrow(
    'the pool has b of the group b, c already',
  );
  expect(calls).toEqual([]);
});

test('what was opened is closed when another device is missing, or the pool refuses', async () => {
  const missing = world();
  await expect(addGroups(missing.pool, missing.media, add([['c', 'gone']]))).rejects.toThrow(
    'gone is not there',
  );
  expect(missing.calls).toEqual(['close c']);
  const refused = world(new PoolRefusal('DeviceForeign', 'device c carries ext4'));
  await expect(addGroups(refused.pool, refused.media, add([['c', 'd']]))).rejects.toThrow('carries ext4');
  expect(refused.calls).toEqual(['add c+d |  | c', 'close c', 'close d']);
});

test('a device takes the place of another one, once', async () => {
  const { pool, media, calls } = world();
  await replaceDevice(pool, media, { old: 'b', next: 'c', overwrite: [] });
  expect(calls).toEqual(['replace b by c']);
  await replaceDevice(pool, media, { old: 'x', next: 'a', overwrite: [] }); // its answer was lost
  expect(calls).toHaveLength(1);
  await expect(replaceDevice(pool, media, { old: 'x', next: 'c', overwrite: [] })).rejects.toThrow(
    'the pool has no device x: name one of a, b, l',
  );
});
