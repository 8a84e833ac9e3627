/**
 * Which devices of a pool are to be relied on, by the label's tree, the newest root, and each device's own ring.
 *
 *  - A device that the root calls current and that has the root itself has everything. One that has only the root before
 *    was cut off by a crash, or is an image of then: if the others suffice, it is copied to as from that root.
 *  - One that the root calls stale, or whose ring is older, lacks what was written since; a device that went on without
 *    the others has roots of its own that say so: the pool forked, and somebody must choose.
 *  - Where the others do not suffice, it counts as current, which it is: data is flushed before its root. The import writes
 *    the root to it before the next one, so that no second crash puts it two roots behind.
 *  - Absent devices that could have gone on alone may have newer data than what is here, and nothing here can tell.
 */
import { PoolRefusal } from '../refusal.ts';
import { describeFindings, type Finding, type PoolFinding } from './examine.ts';
import { shapeOf } from './geometry.ts';
import type { Label, LabelDevice } from './label.ts';
import { type Member, newMember } from './member.ts';
import { checkGroup, checkLog, type Evidence } from './missing-members.ts';
import type { Root, RootDevice } from './root.ts';

export interface Judged {
  readonly groups: readonly (readonly Member[])[];
  readonly logs: readonly (readonly Member[])[];
  readonly maybeOld: boolean;
  /** They have everything, but the root that says so. */
  readonly late: readonly Member[];
}

/** Throws PoolRefusal. */
export function judgeMembers(
  label: Label,
  root: Root,
  findings: readonly Finding[],
  consents: boolean,
): Judged {
  const evidence: Evidence = { label, root, findings };
  let maybeOld = false;
  const late: Member[] = [];
  const groups = label.groups.map(({ devices }) => {
    const verdicts = judgeGroup(evidence, devices);
    const members = verdicts.map(({ member }) => member);
    late.push(...verdicts.flatMap(({ member, isLate }) => (isLate ? member : [])));
    if (checkGroup(evidence, members, consents)) maybeOld = true;
    return members;
  });
  const logs = label.logs.map((devices) => {
    const members = devices.map((known) => judge(evidence, known, true).member);
    // every block of the log tells itself whether it counts: nothing has to be copied
    for (const member of members) if (member.state === 'syncing') member.state = 'current';
    if (checkLog(evidence, members, consents)) maybeOld = true;
    return members;
  });
  return { groups, logs, maybeOld, late: late.filter(({ state }) => state === 'current') };
}

interface Verdict {
  readonly member: Member;
  /** The root calls it current, and it does not have that root itself. */
  readonly isLate: boolean;
  /** The newest root on it by which it had everything. */
  readonly ownWhole?: number;
}

function judgeGroup(evidence: Evidence, devices: readonly LabelDevice[]): readonly Verdict[] {
  const isNew = devices.every(({ guid }) => saidOf(evidence, guid) === undefined);
  const verdicts = devices.map((known) => judge(evidence, known, isNew));
  const { dataColumns } = shapeOf(evidence.label.layout, devices.length);
  const whole = verdicts.filter(({ member, isLate }) => member.state === 'current' && !isLate).length;
  for (const { member, isLate, ownWhole = 0 } of verdicts)
    if (isLate && whole >= dataColumns) {
      member.state = 'syncing';
      member.goodTxg = ownWhole;
    }
  return verdicts;
}

const saidOf = ({ root }: Evidence, guid: string): RootDevice | undefined =>
  root.devices.find((device) => device.guid === guid);

/** `isNew`: the root does not know the device's group at all, so there is nothing on it. */
function judge(evidence: Evidence, known: LabelDevice, isNew: boolean): Verdict {
  const { root, findings } = evidence;
  const said = saidOf(evidence, known.guid);
  const finding = findings.find((each) => each.kind === 'pool' && each.label.device === known.guid);
  const openTxg = root.txg + 1;
  if (finding?.kind !== 'pool') {
    const reason = `absent; ${describeFindings(findings)}`;
    const goodTxg = said?.goodTxg ?? 0;
    return {
      member: newMember({ ...known, former: undefined, device: undefined, state: 'failed', reason, goodTxg }),
      isLate: false,
    };
  }
  const { device } = finding;
  if (device.sizeBytes < known.sizeBytes)
    throw new PoolRefusal(
      'DeviceTooSmall',
      `device ${device.name} has shrunk from ${known.sizeBytes} to ${device.sizeBytes} bytes: restore its size`,
    );
  const base = { ...known, name: device.name, device };
  if (said === undefined)
    return {
      member: isNew
        ? newMember({ ...base, former: undefined, state: 'current', goodTxg: root.txg })
        : newMember({
            ...base,
            state: 'syncing',
            joinTxg: openTxg,
            former: formerOf(evidence, known, openTxg),
          }),
      isLate: false,
    };
  const own = newestOf(finding, root.txg);
  const ownWhole = newestOf(finding, root.txg, 'current');
  if (said.state !== 'current' && ownWhole > said.goodTxg + 1)
    throw new PoolRefusal(
      'ForkedPool',
      `device ${device.name} went on alone to root ${ownWhole}, the others to ${root.txg}: choose one side`,
    );
  if (said.state === 'current' && own >= root.txg - 1)
    return {
      member: newMember({
        ...base,
        state: 'current',
        goodTxg: root.txg,
        joinTxg: openTxg,
        former: undefined,
      }),
      isLate: own < root.txg,
      ownWhole,
    };
  const went = said.state === 'syncing' && own >= root.txg - 1;
  // it was there all the time: what was copied to it stays copied
  const { goodTxg, joinTxg, cursor } = went
    ? said
    : { goodTxg: Math.min(said.goodTxg, ownWhole), joinTxg: openTxg, cursor: 0 };
  const former = formerOf(evidence, known, joinTxg);
  return {
    member: newMember({ ...base, former, state: 'syncing', goodTxg, joinTxg, cursor }),
    isLate: false,
  };
}

/**
 * The device whose place is taken, if it is here. It has what was written up to the last root that it has itself, and is
 * all that the other one lacks if that is all before `joinTxg`: what it got later, nobody knows to be durable on it.
 */
function formerOf(
  { findings, root }: Evidence,
  { former }: LabelDevice,
  joinTxg: number,
): Member | undefined {
  if (former === undefined) return undefined;
  const finding = findings.find((each) => each.kind === 'pool' && each.label.device === former.guid);
  if (finding?.kind !== 'pool' || finding.device.sizeBytes < former.sizeBytes) return undefined;
  const { guid, name, sizeBytes, txg } = former;
  const hasAll = finding.roots.some((each) => each.txg === txg);
  const goodTxg = newestOf(finding, root.txg, 'current');
  const { device } = finding;
  return newMember({
    guid,
    name: device.name || name,
    sizeBytes,
    device,
    state: hasAll && goodTxg >= joinTxg - 1 ? 'current' : 'failed',
    goodTxg,
  });
}

/** The newest root on a device, up to the chosen one; of those that call it `state`. */
const newestOf = ({ label, roots }: PoolFinding, txgMax: number, state?: RootDevice['state']): number =>
  Math.max(
    0,
    ...roots
      .filter(({ txg }) => txg <= txgMax)
      .filter(
        ({ devices }) =>
          state === undefined || devices.some((each) => each.guid === label.device && each.state === state),
      )
      .map(({ txg }) => txg),
  );
