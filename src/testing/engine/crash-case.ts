/** One recorded run of one feature on one layout, and the states that crashes could leave of it. */
import { must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { type Prng, prng } from '../../shared/prng.ts';
import type { EngineLimits } from '../../pool-manager/engine/pool/engine-limits.ts';
import { createPool } from '../../pool-manager/engine/pool/pool-create.ts';
import { importPool } from '../../pool-manager/engine/pool/pool-import.ts';
import { PoolRefusal } from '../../pool-manager/engine/refusal.ts';
import { layeredOf, momentOf, momentsOf, randomCrashImage } from '../crash-images.ts';
import { ManualClock } from '../manual-clock.ts';
import { type LayeredImage, MemoryDevice, operationsSoFar } from '../memory-device.ts';
import { memoryHost } from '../memory-pool.ts';
import { CrashFinding, CrashJudge, type Left, whichState } from './crash-judge.ts';
import { crashPlan, leastIndex, mostIndex } from './crash-plan.ts';
import { type Feature, type FeatureName, features } from './features.ts';
import { type LayoutName, layouts, parityOf, type TestLayout } from './layouts.ts';
import { PoolRecording, type RecordedRun, type RecordedState } from './pool-recording.ts';
import { devicesOf } from './same-reads.ts';
import { sparedDevices } from './spared-devices.ts';

export interface CrashCase {
  readonly feature: FeatureName;
  readonly layout: LayoutName;
  readonly seed: number;
  readonly statesMax: number;
  /** Only the state of this number. */
  readonly only?: number;
}

/** Every so many states work goes on after the import. */
const deepEvery = 12;
/** Every so many states the roots before the newest are looked at. */
const olderEvery = 7;
/** Every so many states some devices are missing. */
const missingEvery = 5;
/** The maps are small, and a cache is made for each state. */
const cacheLimits: Partial<EngineLimits> = { nodeCacheBytesMax: 2 ** 18 };
/** Longer than the pause between two checkpoints. */
const checkpointMs = 10_000;

export interface CrashCounts {
  readonly states: number;
  /** Those that an import could tell apart (same-reads.ts). */
  readonly imported: number;
}

/** Tries all states and counts them. Throws CrashFinding, which names the state. */
export async function tryCrashes(one: CrashCase): Promise<CrashCounts> {
  const feature: Feature = features[one.feature];
  const random = prng(one.seed * 7_919 + one.feature.length * 31 + one.layout.length);
  const run = await recorded(one, feature, random);
  const plan = crashPlan(run, random, one.statesMax);
  const moments = run.devices.map((device) => momentsOf(device));
  const crashJudge = new CrashJudge();
  for (const [index, { cut, fates, seed }] of plan.entries()) {
    const own = prng(seed);
    const now = moments.map((at) => at(cut));
    if (one.only !== undefined && one.only !== index) continue;
    const images = now.map((moment, i) => layeredOf(moment, (nth) => fates[i]?.[nth] ?? 'lost', own));
    const candidates = run.states.slice(leastIndex(run, cut), mostIndex(run, cut) + 1);
    const missing =
      index % missingEvery === 1 ? await missingDevices(one, feature, run, { cut, images }, own) : [];
    const judge = (without: readonly number[]): Promise<void> =>
      judgeAny(
        crashJudge,
        run,
        cut,
        (members): Left => {
          const left = members.filter((member) => !without.includes(member));
          return {
            devices: left.map((member) => must(run.devices[member], 'a device')),
            images: left.map((member) => must(images[member], 'an image')),
            limits: limitsOf(feature),
            without: without.length > 0,
            unequal: feature.unequal ?? false,
          };
        },
        candidates,
        index % deepEvery === 0 ? own : undefined,
        feature.event === undefined && index % olderEvery === 2,
      );
    try {
      await judge(missing).catch((error: unknown) => {
        const isMissed =
          error instanceof PoolRefusal && error.reason === 'DeviceMissing' && missing.length > 0;
        // The crash before may have left a device late. While it is being copied to, the others are needed: with them
        // the pool must be whole.
        if (feature.again !== true || !isMissed) throw error;
        return judge([]);
      });
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new CrashFinding(
        `state ${index} (operation ${cut - run.from}${missing.length > 0 ? `, without ${missing.join()}` : ''}): ${what}`,
        { cause: error },
      );
    }
  }
  return { states: plan.length, imported: crashJudge.imported };
}

const limitsOf = ({ limits }: Feature): Partial<EngineLimits> => ({ ...cacheLimits, ...limits });

/** The first set of devices that can be imported is judged. */
async function judgeAny(
  crashJudge: CrashJudge,
  run: RecordedRun,
  cut: number,
  leftOf: (members: readonly number[]) => Left,
  candidates: readonly RecordedState[],
  deep: Prng | undefined,
  older: boolean,
): Promise<void> {
  const sets = membersAt(run, cut);
  for (const [i, members] of sets.entries())
    try {
      await crashJudge.judge(leftOf(members), candidates, deep, older);
      return;
    } catch (error) {
      if (!(error instanceof PoolRefusal) || i === sets.length - 1) throw error;
    }
}

/** Of each group as many as it can do without; where features change the devices, if the devices say so. */
async function missingDevices(
  one: CrashCase,
  feature: Feature,
  run: RecordedRun,
  { cut, images }: { readonly cut: number; readonly images: readonly LayeredImage[] },
  random: Prng,
): Promise<readonly number[]> {
  const layout: TestLayout = layouts[one.layout];
  if (feature.unequal === true || parityOf(layout) === 0) return [];
  if (feature.event !== undefined) {
    const [members = [], ...others] = membersAt(run, cut);
    if (others.length > 0) return [];
    const left = {
      devices: members.map((member) => must(run.devices[member], 'a device')),
      images: members.map((member) => must(images[member], 'an image')),
    };
    const spared = await sparedDevices(devicesOf(left), random);
    return spared.map((index) => must(members[index], 'a member'));
  }
  let first = 0;
  return layout.groups.flatMap((count) => {
    const own = Array.from({ length: count }, (_, i) => first + i);
    first += count;
    while (own.length > parityOf(layout)) own.splice(random.below(own.length), 1);
    return own;
  });
}

/** Any of these sets of devices may be the pool. */
const membersAt = (run: RecordedRun, cut: number): readonly (readonly number[])[] =>
  must(run.members.findLast(({ at }) => at <= cut) ?? run.members[0], 'devices').sets;

async function recorded(one: CrashCase, feature: Feature, random: Prng): Promise<RecordedRun> {
  const first = await work(await opened(one, feature, random), feature, random);
  return feature.again === true ? await workAgain(first, feature, random) : first.finish();
}

async function opened(one: CrashCase, feature: Feature, random: Prng): Promise<PoolRecording> {
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
    if (step === eventAt) await feature.event?.(recording);
  }
  await Promise.all(running);
  return recording;
}

/** Crashes the run at some moment; what follows is recorded from the import on. */
async function workAgain(first: PoolRecording, feature: Feature, random: Prng): Promise<RecordedRun> {
  const run = first.finish();
  const cut = run.from + random.below(run.to - run.from + 1);
  const images = run.devices.map((device) => ({ image: randomCrashImage(momentOf(device, cut), random) }));
  const devices = devicesOf({ devices: run.devices, images });
  for (const device of devices) slowAtTimes(device, random);
  const from = operationsSoFar();
  const candidates = run.states.slice(leastIndex(run, cut), mostIndex(run, cut) + 1);
  const clock = new ManualClock();
  const host = { ...memoryHost(99), clock };
  const pool = await importPool({ devices, host, limits: limitsOf(feature) });
  const volumes = await whichState(pool, candidates);
  const states = candidates.map((state): RecordedState => ({ ...state, at: from }));
  const recording = new PoolRecording({
    pool,
    devices,
    random,
    clock,
    volumes,
    tagsUsed: first.tagsUsed,
    before: { from, states },
  });
  if (recording.names().length === 0) await recording.createVolume(100 * blockBytes);
  return (await work(recording, feature, random)).finish();
}
