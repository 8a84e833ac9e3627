/**
 * What has to happen to a pool's devices so that it becomes what its entry says: single devices join a stripe, whole
 * groups join any other pool, one device of a redundant group gives way to another. Groups of log devices leave as well:
 * the pool can write what they hold elsewhere. Nothing else is possible without losing data, and is a violation. Groups are matched by the devices they share: their order means nothing.
 */
import type { Violation } from '../checks.ts';

export type Groups = readonly (readonly string[])[];

export interface Replacement {
  readonly old: string;
  readonly next: string;
}

export interface ShapeChange {
  /** Groups to add; devices of a stripe are groups of one. */
  readonly additions: Groups;
  readonly replacements: readonly Replacement[];
  readonly violations: readonly Violation[];
}

/** `field`: what a message calls the groups, as `spec.pools[0].dataRaidGroups`. */
export function shapeChange(raidType: string, is: Groups, wish: Groups, field: string): ShapeChange {
  return raidType === 'stripe' ? stripeChange(is, wish, field) : groupsChange(is, wish, field);
}

export interface LogChange extends ShapeChange {
  /** Groups that leave. */
  readonly removals: Groups;
}

/** The same of log devices, of which whole groups may leave: of a stripe any device, of a mirror all copies at once. */
export function logChange(type: string, is: Groups, wish: Groups, field: string): LogChange {
  const present = type === 'stripe' ? is.flat().map((device) => [device]) : is;
  const wanted = new Set(wish.flat());
  const removals = present.filter((group) => !group.some((device) => wanted.has(device)));
  const staying = present.filter((group) => !removals.includes(group));
  return { ...shapeChange(type, staying, wish, field), removals };
}

const without = (devices: readonly string[], others: readonly string[]): readonly string[] =>
  devices.filter((device) => !others.includes(device));
const refused = (reason: string, message: string): ShapeChange => ({
  additions: [],
  replacements: [],
  violations: [{ reason, message }],
});
const quoted = (devices: readonly string[]): string => devices.map((device) => `"${device}"`).join(', ');

function stripeChange(is: Groups, wish: Groups, field: string): ShapeChange {
  const missing = without(is.flat(), wish.flat());
  if (missing.length > 0)
    return refused(
      'DeviceRemoved',
      `${field} lacks ${quoted(missing)}: a stripe has no other copy of what is on a device, name it again`,
    );
  return {
    additions: without(wish.flat(), is.flat()).map((device) => [device]),
    replacements: [],
    violations: [],
  };
}

function groupsChange(is: Groups, wish: Groups, field: string): ShapeChange {
  const matched = new Set<readonly string[]>();
  const replacements: Replacement[] = [];
  const violations: Violation[] = [];
  for (const group of is) {
    const next = wish.find((each) => !matched.has(each) && each.some((device) => group.includes(device)));
    if (next === undefined) {
      violations.push({
        reason: 'GroupRemoved',
        message: `${field} lacks the group of ${quoted(group)}: a pool can not give up a group, list it again`,
      });
      continue;
    }
    matched.add(next);
    const at = `${field}[${wish.indexOf(next)}].blockDevices`;
    const [old, ...moreOld] = without(group, next);
    const [fresh, ...moreFresh] = without(next, group);
    if (next.length !== group.length)
      violations.push({
        reason: 'GroupResized',
        message: `${at} has ${next.length} devices, the pool's group has ${group.length} (${quoted(group)}): a group keeps its number of devices, add another group`,
      });
    else if (moreOld.length > 0 || moreFresh.length > 0)
      violations.push({
        reason: 'SeveralDevicesReplaced',
        message: `${at} replaces ${quoted([old ?? '', ...moreOld])} at once: replace one device, wait until that is done, then the next`,
      });
    else if (fresh !== undefined && is.flat().includes(fresh))
      violations.push({
        reason: 'DeviceOfAnotherGroup',
        message: `${at} names "${fresh}", which is in another group of the pool: name a device that is free`,
      });
    else if (old !== undefined && fresh !== undefined) replacements.push({ old, next: fresh });
  }
  return { additions: wish.filter((group) => !matched.has(group)), replacements, violations };
}
