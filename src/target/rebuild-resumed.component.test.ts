/** A rebuild that is interrupted goes on where it was, over sockets and a pool that loses what was not durable. */
import { expect, test } from '@jest/globals';
import { prng } from '../shared/prng.ts';
import type { ReplicaRig } from '../testing/replica-rig.ts';
import { rigPerTest } from '../testing/rig-per-test.ts';

const sizeBytes = 16 * 2 ** 20;
const blocks = sizeBytes / 4096;
const bed = rigPerTest({ replicas: 3, sizeBytes, port: 21_220 });

type Store = ReturnType<ReplicaRig['store']>;

/** Counts what this store is given by a rebuild. */
function bytesTakenIn(store: Store): { bytes: number } {
  const counted = { bytes: 0 };
  const copyIn = store.copyIn.bind(store);
  store.copyIn = (extents) => {
    for (const { data } of extents) counted.bytes += data?.byteLength ?? 0;
    copyIn(extents);
  };
  return counted;
}

/** Reads of the last twentieth stand still until they are let go: a copy comes to 90 percent, and no further. */
function holdTheLast(stores: readonly Store[]): () => void {
  let held: (() => void)[] | undefined = [];
  for (const store of stores) {
    const readInto = store.readInto.bind(store);
    store.readInto = (...args) => {
      const [block, into] = args;
      if (held === undefined || block + into.byteLength / 4096 <= 0.95 * blocks) return readInto(...args);
      held.push(() => readInto(...args));
    };
  }
  return () => {
    const waiting = held ?? [];
    held = undefined;
    for (const go of waiting) go();
  };
}

/** How many commits this store has been asked for, and how many of them are done. */
function commitsOf(store: Store): { asked: number; done: number } {
  const counted = { asked: 0, done: 0 };
  const commit = store.commit.bind(store);
  store.commit = async () => {
    const mine = ++counted.asked;
    const number = await commit();
    counted.done = Math.max(counted.done, mine);
    return number;
  };
  return counted;
}

test('a replica that dies at 90 percent of its rebuild goes on there when it is back, and its content is proved', async () => {
  // Of what it missed the target has too little left to send it: it is copied.
  const small = { progressMs: 50, commitMs: 50, windowBytesMax: 2 ** 20 };
  // Without a list first, after which scattered blocks would be gathered by their births; and in steps so small that what is
  // under way in all lanes is little.
  const timing = { ...small, listMax: 0, copyBytesMax: 2 ** 18 };
  const rig = await bed.start({ timing });
  const target = rig.target();
  await target.serving;
  await rig.crash(2);
  const content = prng(71).bytes(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 2 ** 18) await target.write(at, content.subarray(at, at + 2 ** 18));
  await target.flush();
  const letGo = holdTheLast([rig.store(0), rig.store(1)]);
  const first = bytesTakenIn(rig.store(2));
  const commits = commitsOf(rig.store(2));
  await rig.start(2);
  await bed.until('90 percent', () => (target.status().replicas[2]?.rebuild?.percent ?? 0) >= 90);
  const asked = commits.asked;
  await bed.until('the cursor is durable', () => commits.done > asked);
  await rig.crash(2);
  letGo();
  const again = bytesTakenIn(rig.store(2));
  await rig.start(2);
  const healed = () => (target.status().phase === 'Healthy' ? target.status() : undefined);
  const { replicas } = await bed.until('healthy', healed);
  // What was under way in each of the lanes may come again; no more.
  expect(first.bytes).toBeGreaterThan(0.8 * sizeBytes);
  expect(again.bytes).toBeLessThan(sizeBytes / 4);
  expect(replicas[2]?.proof?.root).toMatch(/^[0-9a-f]+$/);
  expect(replicas[2]?.mismatches).toBe(0);
  const digests = await Promise.all([0, 1, 2].map((i) => rig.store(i).digest(0, sizeBytes / 4096)));
  expect(new Set(digests.map((digest) => Buffer.from(digest).toString('hex'))).size).toBe(1);
});
