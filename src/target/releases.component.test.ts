/** Targets and pools of two releases over sockets: whatever each leaves out or adds, a volume is written, rebuilt and compared. */
import { expect, test } from '@jest/globals';
import { prng } from '../shared/prng.ts';
import { protocolFeatures, protocolVersions, type Speaks } from '../replication/handshake.ts';
import { rigPerTest } from '../testing/rig-per-test.ts';
import type { ReplicatedVolume } from './replicated-volume.ts';

const sizeBytes = 4 * 2 ** 20;
const bed = rigPerTest({ replicas: 3, sizeBytes, port: 21_180 });

const [newest = 1] = protocolVersions.toReversed();
/** The release before had none of the features; the next one has a version and a feature more. */
const before: Speaks = { versions: protocolVersions, features: [] };
const next: Speaks = {
  versions: [...protocolVersions, newest + 1],
  features: [...protocolFeatures, 'of-the-next-release'],
};

const allInSync = (target: ReplicatedVolume) =>
  target.status().replicas.every(({ state }) => state === 'InSync');

test.each([
  ['a target before its pools', before, [undefined, undefined, undefined, undefined]],
  ['pools before their target', undefined, [before, before, before, before]],
  ['a pool of each kind, the target is next', next, [before, undefined, next, before]],
  ['pools that are next, in the middle of an upgrade', undefined, [next, undefined, before, next]],
] as const)(
  '%s: written, read, snapshot, a target after the other, moved',
  async (_what, of, pools) => {
    const rig = await bed.start({ speaks: pools });
    const speaking = of ? { speaks: of } : {};
    const first = rig.target(speaking);
    await first.serving;
    const random = prng(61);
    const content = random.bytes(sizeBytes);
    await first.write(0, content);
    await first.flush();
    await bed.until('all in sync', () => allInSync(first));
    await first.snapshots.take('monday', 1);
    await rig.crash(0);
    const piece = random.bytes(64 * 1024);
    content.set(piece, 2 ** 20);
    await first.write(2 ** 20, piece);
    await first.stop();

    // Another one comes in for the one that is gone: snapshot and volume are copied, and proved.
    const second = rig.target(speaking);
    await second.serving;
    const newcomer = await rig.add();
    const members = rig.record(2, 1, 2, newcomer);
    await rig.settleChange(second, rig.record(1, 0, 1, 2), members);
    const { proof } = second.status().replicas.find(({ replicaId }) => replicaId === rig.id(newcomer)) ?? {};
    expect(proof?.root).toMatch(/^[0-9a-f]+$/);
    expect(Buffer.from(await second.read(0, sizeBytes)).equals(content)).toBe(true);
    await second.flush();
    await bed.until('all in sync', () => allInSync(second));
    const { number = 0 } = second.snapshots.list()[0] ?? {};
    for (const snapshot of [undefined, `monday@${number}`]) {
      const digests = await Promise.all(
        [1, 2, newcomer].map((i) => rig.store(i).digest(0, sizeBytes / 4096, snapshot)),
      );
      expect(new Set(digests.map((digest) => Buffer.from(digest).toString('hex'))).size).toBe(1);
    }
  },
  60_000,
);
