/** Which states of a recorded run a crash is tried in. */
import { must } from '../../shared/assert.ts';
import type { Prng } from '../../shared/prng.ts';
import { type Fate, type Moment, momentsOf, unsureCount } from '../crash-images.ts';
import type { LayeredImage, MemoryDevice } from '../memory-device.ts';
import type { RecordedRun, RecordedState } from './pool-recording.ts';

export interface CrashState {
  readonly cut: number;
  /** Per device, what becomes of each change that is not sure. */
  readonly fates: readonly (readonly Fate[])[];
  /** For torn writes. */
  readonly seed: number;
}

/** Up to so many changes that are not sure, every subset of them is tried. */
const everySubsetUpTo = 3;
/** Random outcomes per moment, some torn. */
const randomOutcomes = 4;

/** At most `countMax` states of all that differ, in order of their cuts. */
export function crashPlan(run: RecordedRun, random: Prng, countMax: number): readonly CrashState[] {
  const seen = new Set<string>();
  const states: CrashState[] = [];
  const moments = run.devices.map((device) => momentsOf(device));
  for (let cut = run.from; cut <= run.to; cut++) {
    const now = moments.map((at) => at(cut));
    const least = leastIndex(run, cut);
    for (const fates of outcomes(now, random)) {
      const torn = fates.some((each) => each.includes('torn'));
      const key = `${least} ${now.map((moment, i) => signature(moment, fates[i] ?? [])).join()}`;
      if (!torn && seen.has(key)) continue;
      seen.add(key);
      states.push({ cut, fates, seed: random.below(2 ** 31) });
    }
  }
  return some(states, countMax, random);
}

/** At most `countMax` of them, in order. */
function some<T>(all: readonly T[], countMax: number, random: Prng): readonly T[] {
  const indices = Array.from({ length: all.length }, (_, i) => i);
  for (let i = 0; i < Math.min(countMax, all.length); i++) {
    const other = i + random.below(all.length - i);
    [indices[i], indices[other]] = [must(indices[other], 'an index'), must(indices[i], 'an index')];
  }
  const chosen = new Set(indices.slice(0, countMax));
  return all.filter((_, i) => chosen.has(i));
}

/** The newest state that must have survived. */
const leastIndex = (run: RecordedRun, cut: number): number =>
  run.durable.reduce((least, { at, index }) => (at <= cut ? Math.max(least, index) : least), 0);

/** The newest state that can be known to the devices. */
const mostIndex = (run: RecordedRun, cut: number): number => run.states.findLastIndex(({ at }) => at <= cut);

/** Those that a crash before operation `cut` may leave. */
export const candidatesAt = (run: RecordedRun, cut: number): readonly RecordedState[] =>
  run.states.slice(leastIndex(run, cut), mostIndex(run, cut) + 1);

/** Any of these sets of devices may be the pool. */
export const membersAt = (run: RecordedRun, cut: number): readonly (readonly number[])[] =>
  must(run.members.findLast(({ at }) => at <= cut) ?? run.members[0], 'devices').sets;

/** Some of the devices of a run, with what a crash left on each of them. */
export const leftOf = (
  run: RecordedRun,
  images: readonly LayeredImage[],
  members: readonly number[],
): { readonly devices: readonly MemoryDevice[]; readonly images: readonly LayeredImage[] } => ({
  devices: members.map((member) => must(run.devices[member], 'a device')),
  images: members.map((member) => must(images[member], 'an image')),
});

/** What is on the medium: the operations that are there. */
function signature({ baseChanges, changes }: Moment, fates: readonly Fate[]): string {
  let unsure = 0;
  const kept = changes
    .filter(({ isSure }) => isSure || fates[unsure++] === 'kept')
    .map(({ op }) => op.begunAt)
    .join(' ');
  return `${baseChanges}+${kept}`;
}

function* outcomes(moments: readonly Moment[], random: Prng): Generator<readonly (readonly Fate[])[]> {
  const counts = moments.map(unsureCount);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const dealt = (fate: (device: number, index: number) => Fate) =>
    counts.map((count, device) => Array.from({ length: count }, (_, index) => fate(device, index)));
  if (total <= everySubsetUpTo) {
    for (let subset = 0; subset < 2 ** total; subset++) {
      let bit = 0;
      yield dealt(() => (subset & (1 << bit++) ? 'kept' : 'lost'));
    }
  } else {
    yield dealt(() => 'lost');
    yield dealt(() => 'kept');
    const one = random.below(total);
    const [a, b] = random.chance(0.5) ? (['kept', 'lost'] as const) : (['lost', 'kept'] as const);
    let nth = 0;
    yield dealt(() => (nth++ === one ? a : b));
  }
  if (total === 0) return;
  // one device is ahead of the others
  if (moments.length > 1) {
    const ahead = random.below(moments.length);
    yield dealt((device) => (device === ahead ? 'kept' : 'lost'));
  }
  for (let i = 0; i < randomOutcomes; i++) {
    const torn = i < randomOutcomes / 2;
    yield dealt(() => (random.chance(0.4) ? 'lost' : torn && random.chance(0.6) ? 'torn' : 'kept'));
  }
}
