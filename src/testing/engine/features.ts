/** Workloads that each wear one feature of the engine, for recording. */
import type { EngineLimits } from '../../pool-manager/engine/pool/engine-limits.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { type ChangeMix, usualMix } from '../volume-changes.ts';
import type { LayoutName } from './layouts.ts';
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
  again:     { again: true, steps: 60 },
} as const satisfies Readonly<Record<string, Feature>>;

export type FeatureName = keyof typeof features;

async function recreate(recording: PoolRecording): Promise<void> {
  const [first] = recording.names();
  if (first !== undefined) await recording.destroyVolume(first);
  await recording.createVolume(150 * blockBytes);
}
