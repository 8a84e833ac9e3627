/** Workloads that each wear one feature of the engine, for recording. */
import type { EngineLimits } from '../../pool-manager/engine/pool/engine-limits.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { DeviceError } from '../../pool-manager/engine/block-device.ts';
import { labelBytes, labelOffsets } from '../../pool-manager/engine/group/geometry.ts';
import type { MemoryDevice } from '../memory-device.ts';
import { type ChangeMix, usualMix } from '../volume-changes.ts';
import { type LayoutName, redundant } from './layouts.ts';
import type { PoolRecording } from './pool-recording.ts';

export interface Feature {
  readonly mix?: ChangeMix;
  readonly volumes?: number;
  readonly volumeBlocks?: number;
  readonly steps?: number;
  /** How often a change is followed by a commit that is waited for; half as many are not waited for. */
  readonly commitChance?: number;
  /** How often time passes, so that a checkpoint follows. */
  readonly checkpointChance?: number;
  readonly limits?: Partial<EngineLimits>;
  readonly layouts?: readonly LayoutName[];
  /** Copies and parity may be wrong on one device, until they are scrubbed. */
  readonly unequal?: boolean;
  /** Before the first step. */
  readonly begin?: (recording: PoolRecording) => void;
  /** Once among the steps. */
  readonly event?: (recording: PoolRecording) => Promise<void>;
  /** What is recorded begins with the import after a crash of such a run. */
  readonly again?: boolean;
}

/** Deleting proceeds in small slices, so that a crash falls between them. */
const slices: Partial<EngineLimits> = { freeingNodesPerCheckpoint: 2 };

// prettier-ignore
export const features = {
  write:     { mix: { write: 8, unmap: 1, advance: 1 }, commitChance: 0.1 },
  flush:     { mix: { write: 6, advance: 2, record: 2 }, commitChance: 0.7, steps: 60 },
  snapshot:  { mix: { write: 5, snapshot: 3, unmap: 1 }, commitChance: 0.2 },
  delete:    { mix: { write: 5, snapshot: 3, deleteSnapshot: 3, rollback: 1 }, limits: slices },
  rollback:  { mix: { write: 5, snapshot: 2, rollback: 3, record: 1, deleteSnapshot: 1 }, limits: slices },
  resize:    { mix: { write: 5, resize: 4, snapshot: 1, rollback: 1 }, volumeBlocks: 100 },
  unmap:     { mix: { write: 5, unmap: 5, snapshot: 1, deleteSnapshot: 1 }, volumeBlocks: 600 },
  receive:   { mix: { copyIn: 8, write: 2, record: 2, snapshot: 1, rollback: 1 } },
  usual:     { mix: usualMix, limits: slices },
  volumes:   { volumes: 3, event: recreate },
  overwrite: { mix: { write: 1 }, volumeBlocks: 700, steps: 160, commitChance: 0.1 },
  clone:     { mix: { ...usualMix, snapshot: 20 }, limits: slices, event: cloneAndDestroy },
  compress:  { mix: { ...usualMix, write: 90 }, limits: slices, begin: compressAll, volumes: 2 },
  replace:   { layouts: redundant(), event: replaceOne },
  attach:    { layouts: redundant(), event: loseOne },
  addGroup:  { layouts: ['stripe-1', 'mirror-2', 'raidz-3', 'raidz2-4'], event: addGroup },
  logs:      { layouts: ['stripe-1', 'mirror-2', 'stripe-log', 'raidz-log'], event: changeLogs },
  grow:      { event: growAll },
  scrub:     { layouts: redundant(), event: rotAndScrub, unequal: true },
  again:     { again: true, steps: 60 },
  againSoon: { again: true, steps: 20, commitChance: 0.5 },
} as const satisfies Readonly<Record<string, Feature>>;

export type FeatureName = keyof typeof features;

async function recreate(recording: PoolRecording): Promise<void> {
  const [first] = recording.names();
  if (first !== undefined) await recording.destroyVolume(first);
  await recording.createVolume(150 * blockBytes);
}

async function cloneAndDestroy(recording: PoolRecording): Promise<void> {
  const [origin] = recording.names();
  if (origin === undefined) return;
  recording.change(origin, { write: 1 });
  recording.change(origin, { snapshot: 1 });
  if (recording.hasSnapshot(origin)) await recording.clone(origin);
  for (let i = 0; i < 12; i++) recording.change(recording.random.pick(recording.names()));
  if (recording.random.chance(0.5)) await recording.destroyVolume(origin);
}

function compressAll(recording: PoolRecording): void {
  const kinds = ['lz4', 'off'] as const;
  recording.names().forEach((name, i) => {
    const store = recording.store(name);
    store.setProperties({ ...store.properties, compression: kinds[i % kinds.length] ?? 'off' });
  });
}

/** A new device takes the place of one that serves, or of one that has failed. */
async function replaceOne(recording: PoolRecording): Promise<void> {
  const { members, random, devices } = recording;
  const old = random.pick(members);
  const device = devices[old];
  if (device === undefined) return;
  if (random.chance(0.5)) fail(device);
  const added = recording.addDevice();
  const after = members.map((member) => (member === old ? added : member));
  const isLeft = random.chance(0.5); // the old one stays plugged in: what the new one lacks is read there
  recording.mayBe(isLeft ? [[...after, old]] : [after, members]);
  recording.done.push(`replace ${device.name}`);
  await recording.pool.replaceDevice({ old: device.name, device: recording.device(added), overwrite: [] });
  recording.mayBe([isLeft ? [...after, old] : after]);
}

/** Log devices come, leave, and come again; those that left stay plugged in. */
async function changeLogs(recording: PoolRecording): Promise<void> {
  const { pool, random } = recording;
  for (let i = 0; i < 3; i++) {
    const { logGroups } = pool.status();
    const name = recording.random.pick(recording.names());
    recording.change(name);
    if (random.chance(0.5)) await recording.commit(name);
    if (logGroups.length > 0 && random.chance(0.6)) {
      const leaving = random.pick(logGroups);
      recording.done.push(`remove log devices ${leaving.join()}`);
      await pool.removeLogDevices(leaving);
    } else {
      const added = Array.from({ length: 1 + random.below(2) }, () => recording.addDevice());
      recording.mayBe([[...recording.members, ...added]]);
      recording.done.push(`add ${added.length} log devices`);
      await pool.addGroups({ data: [], log: [added.map((index) => recording.device(index))], overwrite: [] });
    }
  }
}

/** A device fails for a while, and comes back. */
async function loseOne(recording: PoolRecording): Promise<void> {
  const device = recording.device(recording.random.pick(recording.members));
  const before = device.fault;
  fail(device);
  for (let i = 0; i < 15; i++) {
    const name = recording.random.pick(recording.names());
    recording.change(name);
    if (i % 4 === 0) await recording.commit(name);
  }
  device.fault = before;
  const status = recording.pool.status().devices.find(({ name }) => name === device.name);
  if (status?.state !== 'failed') return; // nothing was written to it meanwhile
  recording.done.push(`attach ${device.name}`);
  await recording.pool.attachDevice(device);
}

function fail(device: MemoryDevice): void {
  device.fault = () => new DeviceError(device.name, 'gone');
}

async function addGroup(recording: PoolRecording): Promise<void> {
  const { members } = recording;
  const added = members.map(() => recording.addDevice());
  const after = [...members, ...added];
  recording.mayBe([after, members]);
  recording.done.push('add a group');
  const data = [added.map((index) => recording.device(index))];
  await recording.pool.addGroups({ data, log: [], overwrite: [] });
  recording.mayBe([after]);
}

async function growAll(recording: PoolRecording): Promise<void> {
  for (const device of recording.devices) device.sizeBytes += 4 * 2 ** 20;
  recording.done.push('grow');
  await recording.pool.growDevices();
}

/** Bits turn over on one device, but not in both of its labels: it would be as good as away; a scrub mends them. */
async function rotAndScrub(recording: PoolRecording): Promise<void> {
  const { random } = recording;
  const device = recording.device(random.pick(recording.members));
  const spared = random.pick(labelOffsets(device.sizeBytes)) / blockBytes;
  const units = [...device.image().keys()].filter(
    (unit) => unit < spared || unit >= spared + labelBytes / blockBytes,
  );
  for (let i = 0; i < 30; i++)
    device.flipBit(random.pick(units) * 4096 + random.below(4096), random.below(8));
  recording.done.push(`rot on ${device.name}, scrub`);
  await recording.pool.scrub('start');
}
