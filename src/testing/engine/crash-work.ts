/** A workload on a new pool, recorded: with `again`, from the import after a crash of it on. */
import { must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import type { Prng } from '../../shared/prng.ts';
import type { EngineLimits } from '../../pool-manager/engine/pool/engine-limits.ts';
import type { EnginePool } from '../../pool-manager/engine/pool/open-pool.ts';
import { createPool } from '../../pool-manager/engine/pool/pool-create.ts';
import { importPool } from '../../pool-manager/engine/pool/pool-import.ts';
import { PoolRefusal } from '../../pool-manager/engine/refusal.ts';
import { momentOf, randomCrashImage } from '../crash-images.ts';
import { ManualClock } from '../manual-clock.ts';
import { type LayeredImage, MemoryDevice, operationsSoFar } from '../memory-device.ts';
import { memoryHost } from '../memory-pool.ts';
import { whichState } from './crash-judge.ts';
import { candidatesAt, leftOf, membersAt } from './crash-plan.ts';
import type { Feature, FeatureName } from './features.ts';
import { type LayoutName, layouts, type TestLayout } from './layouts.ts';
import { PoolRecording, type RecordedRun, type RecordedState } from './pool-recording.ts';
import { devicesOf } from './same-reads.ts';
import { sparedDevices } from './spared-devices.ts';

/** The maps are small, and a cache is made for each state. */
const cacheLimits: Partial<EngineLimits> = { nodeCacheBytesMax: 2 ** 18 };
/** Longer than the pause between two checkpoints. */
const checkpointMs = 10_000;

export interface RecordedCase {
  readonly feature: FeatureName;
  readonly layout: LayoutName;
  readonly seed: number;
}

export const limitsOf = ({ limits }: Feature): Partial<EngineLimits> => ({ ...cacheLimits, ...limits });

export async function recorded(one: RecordedCase, feature: Feature, random: Prng): Promise<RecordedRun> {
  let recording = await work(await opened(one, feature, random), feature, random);
  for (let crash = 0; crash < (feature.again ?? 0); crash++)
    recording = await workAgain(recording, feature, random);
  return recording.finish();
}

async function opened(one: RecordedCase, feature: Feature, random: Prng): Promise<PoolRecording> {
  const { layout, groups: counts, deviceBytes: sizeBytes, logs = [] }: TestLayout = layouts[one.layout];
  const make = (what: string) => (count: number, g: number) =>
    Array.from({ length: count }, (_, i) => new MemoryDevice({ name: `${what}-${g}-${i}`, sizeBytes }));
  const groups = counts.map(make('memory'));
  const logGroups = logs.map(make('log'));
  const devices = [...groups, ...logGroups].flat();
  for (const device of devices) slowAtTimes(device, random);
  const clock = new ManualClock();
  const host = { ...memoryHost(one.seed), clock };
  const pool = await createPool({ layout, groups, logs: logGroups, host, limits: limitsOf(feature) });
  for (const device of devices) device.record();
  const recording = new PoolRecording({ pool, devices, random, clock });
  for (let i = 0; i < (feature.volumes ?? 1); i++)
    await recording.createVolume((feature.volumeBlocks ?? 200) * blockBytes);
  feature.begin?.(recording);
  return recording;
}

/** Some operations take a few turns longer, so that others overtake them. */
function slowAtTimes(device: MemoryDevice, random: Prng): void {
  device.fault = () => {
    const turns = random.chance(0.3) ? random.below(12) : 0;
    return turns === 0 ? undefined : later(turns);
  };
}

async function later(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await Promise.resolve();
}

/** Time passes now and then, so that checkpoints are made in the background. */
async function work(recording: PoolRecording, feature: Feature, random: Prng): Promise<PoolRecording> {
  const { steps = 100, commitChance = 0.15, checkpointChance = 0.05, mix } = feature;
  const eventAt = random.below(steps);
  const running: Promise<void>[] = [];
  for (let step = 0; step < steps; step++) {
    const name = random.pick(recording.names());
    await recording.store(name).room();
    recording.change(name, mix);
    if (random.chance(commitChance)) await recording.commit(name);
    else if (random.chance(commitChance / 2)) running.push(recording.commit(name)); // the next changes overtake it
    if (random.chance(0.3)) await later(random.below(20));
    if (random.chance(checkpointChance)) recording.clock.advance(checkpointMs);
    if (step !== eventAt || feature.event === undefined) continue;
    const event = feature.event(recording);
    if (feature.beside !== true) await event;
    else {
      event.catch(() => undefined); // it is heard at the end
      running.push(event);
    }
  }
  await Promise.all(running);
  return recording;
}

/** Crashes the run at some moment; what follows is recorded from the import on. */
async function workAgain(first: PoolRecording, feature: Feature, random: Prng): Promise<PoolRecording> {
  const run = first.finish();
  const cut = run.from + random.below(run.to - run.from + 1);
  const images = run.devices.map((device) => ({ image: randomCrashImage(momentOf(device, cut), random) }));
  const clock = new ManualClock();
  const from = operationsSoFar();
  const { pool, devices, members } = await importedAgain({ run, cut, images }, feature, random, clock);
  const candidates = candidatesAt(run, cut);
  const volumes = await whichState(pool, candidates);
  const states = candidates.map((state): RecordedState => ({ ...state, at: from }));
  const recording = new PoolRecording({
    pool,
    devices,
    members,
    random,
    clock,
    volumes,
    tagsUsed: first.tagsUsed,
    before: { from, states },
  });
  if (recording.names().length === 0) await recording.createVolume(100 * blockBytes);
  return await work(recording, feature, random);
}

interface CrashedRun {
  readonly run: RecordedRun;
  readonly cut: number;
  /** Per device of the run. */
  readonly images: readonly LayeredImage[];
}

interface ImportedAgain {
  readonly pool: EnginePool;
  /** All of the run. */
  readonly devices: readonly MemoryDevice[];
  /** Those of the pool. */
  readonly members: readonly number[];
}

/** The first set of devices that can be imported. */
async function importedAgain(
  crashed: CrashedRun,
  feature: Feature,
  random: Prng,
  clock: ManualClock,
): Promise<ImportedAgain> {
  const sets = membersAt(crashed.run, crashed.cut);
  for (const members of sets.slice(0, -1))
    try {
      return await importOf(crashed, members, feature, random, clock);
    } catch (error) {
      if (!(error instanceof PoolRefusal)) throw error;
    }
  return await importOf(crashed, must(sets.at(-1), 'a set of devices'), feature, random, clock);
}

/** At times, where features change the devices, without some that it can do without. */
async function importOf(
  { run, images }: CrashedRun,
  members: readonly number[],
  feature: Feature,
  random: Prng,
  clock: ManualClock,
): Promise<ImportedAgain> {
  const devices = devicesOf({ devices: run.devices, images });
  for (const device of devices) slowAtTimes(device, random);
  const isSome = feature.event !== undefined && random.chance(0.4);
  const away = isSome ? await sparedDevices(devicesOf(leftOf(run, images, members)), random) : [];
  const here = members.filter((_, at) => !away.includes(at));
  const pool = await importPool({
    devices: here.map((member) => must(devices[member], 'a device')),
    host: { ...memoryHost(random.below(2 ** 31)), clock },
    limits: limitsOf(feature),
    without: away.length > 0,
  });
  return { pool, devices, members };
}
