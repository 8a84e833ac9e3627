/** One recorded run of one feature on one layout, and the states that crashes could leave of it. */
import { type Prng, prng } from '../../shared/prng.ts';
import { must } from '../../shared/assert.ts';
import { PoolRefusal } from '../../pool-manager/engine/refusal.ts';
import { layeredOf, momentsOf } from '../crash-images.ts';
import type { LayeredImage } from '../memory-device.ts';
import { CrashFinding, CrashJudge, type Left } from './crash-judge.ts';
import { candidatesAt, crashPlan, leftOf, membersAt } from './crash-plan.ts';
import { limitsOf, type RecordedCase, recorded } from './crash-work.ts';
import { type Feature, features } from './features.ts';
import { layouts, parityOf, type TestLayout } from './layouts.ts';
import type { RecordedRun, RecordedState } from './pool-recording.ts';
import { devicesOf } from './same-reads.ts';
import { sparedDevices } from './spared-devices.ts';

export interface CrashCase extends RecordedCase {
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
    const candidates = candidatesAt(run, cut);
    const missing =
      index % missingEvery === 1 ? await missingDevices(one, feature, run, { cut, images }, own) : [];
    const judge = (without: readonly number[]): Promise<void> =>
      judgeAny(
        crashJudge,
        run,
        cut,
        (members): Left => {
          const here = members.filter((member) => !without.includes(member));
          return {
            ...leftOf(run, images, here),
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
        if (feature.again === undefined || feature.event !== undefined || !isMissed) throw error;
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
    const spared = await sparedDevices(devicesOf(leftOf(run, images, members)), random);
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
