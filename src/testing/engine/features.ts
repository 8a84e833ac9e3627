/** Workloads that each wear one feature of the engine, for recording. */
import type { EngineLimits } from '../../pool-manager/engine/pool/engine-limits.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { type ChangeMix, usualMix } from '../volume-changes.ts';
import {
  addGroup,
  changeLogs,
  growAll,
  loseOne,
  replaceOne,
  rotAndScrub,
  twoEvents,
} from './device-events.ts';
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
  /** Once among the steps, which go on meanwhile where it is `beside` them. */
  readonly beside?: boolean;
  readonly event?: (recording: PoolRecording) => Promise<void>;
  /** So many times such a run is crashed, and goes on from the import: what is recorded begins with the last one. */
  readonly again?: number;
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
  replace:   { layouts: redundant(), event: replaceOne, beside: true },
  attach:    { layouts: redundant(), event: loseOne, beside: true },
  addGroup:  { layouts: ['stripe-1', 'mirror-2', 'raidz-3', 'raidz2-4'], event: addGroup, beside: true },
  logs:      { layouts: ['stripe-1', 'mirror-2', 'stripe-log', 'raidz-log'], event: changeLogs, beside: true },
  grow:      { event: growAll, beside: true },
  scrub:     { layouts: redundant(), event: rotAndScrub, unequal: true },
  again:     { again: 1, steps: 60 },
  againSoon: { again: 1, steps: 20, commitChance: 0.5 },
  againWith: { again: 2, steps: 30, commitChance: 0.3, event: twoEvents, beside: true },
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
