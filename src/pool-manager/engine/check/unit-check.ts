/** Verifies what pointers name on the devices: neighbours in one read, all copies and parity along with them. */
import { must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import type { SegmentGroup } from '../group/segment-group.ts';
import type { Place } from '../map/map-space.ts';

/** Bytes that a pointer names. */
export interface Wanted {
  readonly place: Place;
  /** Whether the stored bytes at `from` are what the pointer promises. */
  readonly isGood: (bytes: Uint8Array, from: number) => boolean;
  /** For messages. */
  readonly where: () => string;
}

export interface UnitFindings {
  /** Of which no good copy is there. */
  readonly bad: readonly Wanted[];
  /** Places whose copies or parity are not what they should be. */
  readonly unequal: readonly string[];
}

const runUnitsMax = 256;
const sectorBytes = 512;

export async function checkUnits(
  groups: readonly SegmentGroup[],
  wanted: readonly Wanted[],
): Promise<UnitFindings> {
  const bad: Wanted[] = [];
  const unequal: string[] = [];
  for (const run of runsOf(wanted)) {
    const [first] = run;
    const { group, segment, unit } = must(first, 'a run has a first').place;
    const units = must(run.at(-1), 'a run has a last').place.unit - unit + 1;
    const isUnitGood = (index: number, bytes: Uint8Array, from: number) =>
      run.every((each) => each.place.unit !== unit + index || isGoodIn(each, bytes, from));
    const judged = new Set(run.map(({ place }) => place.unit - unit));
    const isKnown = (index: number) => judged.has(index);
    const found = await must(groups[group], `group ${group}`).verify(
      segment,
      unit,
      units,
      isUnitGood,
      isKnown,
    );
    if (found.repairedUnits > 0)
      unequal.push(
        `${found.repairedUnits} units of copies or parity at units ${unit}+${units} of segment ${segment}, group ${group}`,
      );
    const badUnits = new Set(found.bad);
    bad.push(...run.filter(({ place }) => badUnits.has(place.unit - unit)));
  }
  return { bad, unequal };
}

const isGoodIn = ({ place, isGood }: Wanted, bytes: Uint8Array, from: number): boolean =>
  from + blockBytes <= bytes.byteLength && isGood(bytes, from + place.sectorInUnit * sectorBytes);

/** Units that lie one behind the other. */
function runsOf(wanted: readonly Wanted[]): Wanted[][] {
  const runs: Wanted[][] = [];
  for (const each of wanted.toSorted((a, b) => byPlace(a.place, b.place))) {
    const run = runs.at(-1);
    const first = run?.[0]?.place;
    const last = run?.at(-1)?.place;
    const follows =
      run !== undefined &&
      first !== undefined &&
      last?.group === each.place.group &&
      last.segment === each.place.segment &&
      each.place.unit - last.unit <= 1 &&
      each.place.unit - first.unit < runUnitsMax;
    if (follows) run.push(each);
    else runs.push([each]);
  }
  return runs;
}

const byPlace = (a: Place, b: Place): number =>
  a.group - b.group || a.segment - b.segment || a.unit - b.unit || a.sectorInUnit - b.sectorInUnit;
