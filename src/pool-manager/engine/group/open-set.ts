/**
 * Opens the devices of the pool that is on them.
 *
 *   examine → judge the labels → watch the owner → choose the root → judge each device by it
 *
 * Nothing is written but the heartbeat. Whatever does not fit is refused by name (refusal.ts), never guessed at.
 */
import { must } from '../../../shared/assert.ts';
import type { BlockDevice } from '../block-device.ts';
import { PoolRefusal } from '../refusal.ts';
import { DeviceSet } from './device-set.ts';
import { withStates } from './device-states.ts';
import { describeFindings, examineDevices, type Finding, type PoolFinding } from './examine.ts';
import { knownTo, type Label, unknownFeature, unknownToWriters } from './label.ts';
import { judgeMembers } from './judge-members.ts';
import type { Member } from './member.ts';
import { type OwnerOptions, watchOwner } from './owner.ts';
import { chooseRoot, type Root } from './root.ts';

export interface OpenSetOptions {
  readonly devices: readonly BlockDevice[];
  /** Consent to go on without devices that may have newer data than what is here. */
  readonly without?: boolean;
  /** Take no root that is newer. */
  readonly txgMax?: number;
  readonly owner?: OwnerOptions | undefined;
  /** Nothing is written, not even a repair. */
  readonly readOnly?: boolean;
}

export interface OpenedSet {
  readonly set: DeviceSet;
  readonly root: Root;
  /** All valid roots of the pool, newest first; for rewinding. */
  readonly roots: readonly Root[];
  /** Consent was needed: what is here may be old, and nothing here can tell. */
  readonly maybeOld: boolean;
  /** What does not have the root, though it has all that the root names: before anything else is written, it gets it. */
  readonly late: readonly Member[];
  /** A feature that this release would break by writing. */
  readonly readOnlyFor: string | undefined;
}

/** Throws PoolRefusal. The caller claims the set (`set.claim`) before it writes. */
export async function openDeviceSet(options: OpenSetOptions): Promise<OpenedSet> {
  let findings = withoutReplaced(await examineDevices(options.devices));
  let label = judgeLabels(findings);
  if (options.owner !== undefined) {
    await watchOwner(options.devices, options.owner);
    findings = withoutReplaced(await examineDevices(options.devices)); // whoever was there may have gone on while we watched
    label = judgeLabels(findings);
  }
  const found = findings.filter((finding) => finding.kind === 'pool');
  const roots = found.flatMap((finding) => finding.roots);
  const choice = chooseRoot(roots, label.pool, options.txgMax);
  if (!choice.ok) throw noRoot(choice.reason, label, found);
  const { root } = choice;
  const notes = found.flatMap(({ states }) => states);
  const since = withStates(root, notes);
  const judged = judgeMembers(label, since, findings, options.without ?? false);
  const byTxg = new Map(roots.filter(({ pool }) => pool === label.pool).map((each) => [each.txg, each]));
  const set = new DeviceSet({
    label: withFormers(label, judged.groups),
    members: judged.groups,
    logMembers: judged.logs,
    owner: options.owner,
    readOnly: options.readOnly ?? false,
    lastRoot: root,
    noteSequence: Math.max(0, ...notes.map(({ sequence }) => sequence)),
    openTxg: Math.max(...byTxg.keys()) + 1, // after rewinding, too, the next root is the newest
  });
  return {
    set,
    root,
    roots: [...byTxg.values()].toSorted((a, b) => b.txg - a.txg),
    maybeOld: judged.maybeOld,
    late: judged.late,
    readOnlyFor: unknownToWriters(label),
  };
}

/** Those whose places are taken are in the label while they are needed: without them the next one that is written is another one. */
function withFormers(label: Label, members: readonly (readonly Member[])[]): Label {
  let generation = label.generation;
  const groups = label.groups.map((group, g) => ({
    ...group,
    devices: group.devices.map((known, i) => {
      if (known.former === undefined || members[g]?.[i]?.former !== undefined) return known;
      generation = label.generation + 1;
      const { former: _gone, ...device } = known;
      return device;
    }),
  }));
  return { ...label, generation, groups };
}

/** Devices that a newer label of their pool does not list any more are not the pool's: somebody left them plugged in. */
function withoutReplaced(findings: readonly Finding[]): readonly Finding[] {
  const found = findings.filter((finding) => finding.kind === 'pool');
  return findings.filter((finding) => {
    if (finding.kind !== 'pool') return true;
    const { pool, device, generation } = finding.label;
    const newer = found.filter(({ label }) => label.pool === pool && label.generation > generation);
    return newer.every(({ label }) => knownTo(label).some(({ guid }) => guid === device));
  });
}

/** The one pool that the labels speak of, as its newest label describes it. */
function judgeLabels(findings: readonly Finding[]): Label {
  const found = findings.filter((finding) => finding.kind === 'pool');
  const [first] = found;
  if (first === undefined)
    throw new PoolRefusal('NoPool', `no device carries a pool: ${describeFindings(findings)}`);
  for (const { device, label } of found) {
    const unknown = unknownFeature(label);
    if (unknown !== undefined)
      throw new PoolRefusal(
        'UnsupportedFeature',
        `device ${device.name}: this release does not know ${unknown}: use a newer one`,
      );
    if (label.pool !== first.label.pool)
      throw new PoolRefusal(
        'PoolMismatch',
        `device ${device.name} belongs to pool ${label.pool}, ${first.device.name} to pool ${first.label.pool}: give the devices of one pool`,
      );
    const twin = found.find((other) => other.device !== device && other.label.device === label.device);
    if (twin !== undefined)
      throw new PoolRefusal(
        'DuplicateGuid',
        `devices ${device.name} and ${twin.device.name} both say they are ${label.device}: one is a copy, take it away`,
      );
  }
  const newest = must(
    found.toSorted((a, b) => b.label.generation - a.label.generation)[0],
    'a device with a label',
  );
  for (const { device, label } of found) checkTree(newest, device, label);
  return newest.label;
}

function checkTree(newest: PoolFinding, device: BlockDevice, label: Label): void {
  const tree = ({ groups, logs }: Label) => JSON.stringify({ groups, logs });
  if (label.generation === newest.label.generation && tree(label) !== tree(newest.label))
    throw new PoolRefusal(
      'DuplicateGuid',
      `devices ${device.name} and ${newest.device.name} claim one pool GUID ${label.pool} with different devices: two pools, take one away`,
    );
}

function noRoot(
  reason: 'noValidSlot' | 'forkedTxg',
  label: Label,
  found: readonly PoolFinding[],
): PoolRefusal {
  const names = found.map(({ device }) => device.name).join(', ');
  if (reason === 'forkedTxg')
    return new PoolRefusal(
      'ForkedPool',
      `pool ${label.pool}: ${names} have different roots of one number: they went on apart, choose one side`,
    );
  return found.every(({ untouched }) => untouched)
    ? new PoolRefusal('NoValidRoot', `pool ${label.pool} on ${names} was never completed: create it again`)
    : new PoolRefusal(
        'NoValidRoot',
        `pool ${label.pool}: no root on ${names} is whole: restore the devices or rebuild the replicas`,
      );
}
