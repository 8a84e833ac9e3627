/**
 * Devices of a pool are exchanged while it serves: one comes back, or another one takes its place.
 *
 * The new label is written with a higher generation, to new devices first: whichever label an import finds to be the
 * newest describes a tree whose devices carry it. A root follows (`onChange`); until then the import tells by the old root
 * that a new device has nothing yet.
 *
 * A device that is replaced while it has everything stays until the new one has: it is read, and counts for what the
 * group can still lose, but is not written any more. The label names it as the `former` of the new one.
 */
import { type BlockDevice, DeviceError } from '../block-device.ts';
import { type EngineHost, newGuid } from '../host.ts';
import { findMember, refuse, refusingErrors, takeIn, welcome, wholeBytes } from './device-intake.ts';
import type { DeviceSet } from './device-set.ts';
import { examineDevices } from './examine.ts';
import { headerOffsets, labelBytes } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import { encodeLabel, type Label, type LabelDevice } from './label.ts';
import { type Member, newMember } from './member.ts';

/**
 * A device of the pool that was away or out of use is here again: it gets all writes from now on, and lacks what was
 * written since its last good root (resilver.ts). Throws PoolRefusal.
 */
export async function attachDevice(set: DeviceSet, device: BlockDevice): Promise<void> {
  const [finding] = await examineDevices([device]);
  if (finding?.kind !== 'pool' || finding.label.pool !== set.pool)
    return refuse('PoolMismatch', `device ${device.name} is none of pool ${set.pool}`);
  const { label, roots } = finding;
  const { core, member } = findMember(set, label.device);
  if (member.state !== 'failed')
    return refuse('DuplicateGuid', `device ${member.name} is in use: ${device.name} is a copy, take it away`);
  if (device.sizeBytes < member.sizeBytes)
    return refuse('DeviceTooSmall', `device ${device.name} has shrunk: restore its size`);
  const whole = roots.filter(({ devices }) =>
    devices.some(({ guid, state }) => guid === member.guid && state === 'current'),
  );
  const ownWhole = Math.max(0, ...whole.map(({ txg }) => txg));
  if (ownWhole > member.goodTxg + 1)
    return refuse('ForkedPool', `device ${device.name} went on alone: wipe it, or choose its side`);
  await welcome(set, device);
  const { device: old, former } = member;
  // What was written while it was away is on neither of them.
  if (former !== undefined) former.state = 'failed';
  Object.assign(member, joining(core), {
    device,
    name: device.name,
    former,
    goodTxg: Math.min(member.goodTxg, ownWhole),
  });
  await closeOld(old, device);
  await set.writeLabels((label) => label);
  set.onChange();
}

/** Closes a device that is out of use, so that it can be opened again and attached. Others are left as they are. */
export async function releaseDevice(set: DeviceSet, guid: string): Promise<void> {
  const { member } = findMember(set, guid);
  const { device } = member;
  if (member.state !== 'failed' || device === undefined) return;
  member.device = undefined;
  await device.close();
}

export interface ReplaceOptions {
  readonly host: EngineHost;
  readonly overwrite?: readonly string[];
}

/**
 * Another device takes the place of one in a redundant group, whether that one still works or not. It is copied to while
 * the pool serves (resilver.ts); then the old device is closed, and its label is none of the pool any more. Throws PoolRefusal.
 */
export async function replaceDevice(
  set: DeviceSet,
  guid: string,
  device: BlockDevice,
  options: ReplaceOptions,
): Promise<void> {
  const { core, member } = findMember(set, guid);
  if (core.shape.parityColumns === 0)
    return refuse('LayoutInvalid', `device ${member.name} has no redundancy: a stripe's can not be replaced`);
  if (!core.canSpare(member))
    return refuse('LayoutInvalid', `device ${member.name} is needed: wait until the others have all data`);
  checkSize(set, member, device);
  await takeIn(set, [device], options.overwrite ?? []);
  const former = formerOf(set, core, member);
  const known: LabelDevice = {
    guid: newGuid(options.host),
    name: device.name,
    sizeBytes: wholeBytes(device),
    ...(former === undefined ? {} : { former }),
  };
  // the old device gets all writes until every label is durable: a crash finds either it or the new one in the tree
  await set.writeLabels((label) => exchanged(label, guid, known), {
    before: (label) => refusingErrors(() => writeHeader(device, known, label)),
  });
  const left = [member.device, member.former?.device];
  const goodTxg = former?.txg ?? 0;
  const old = newMember({ ...member, state: 'failed', goodTxg, former: undefined });
  const { name, sizeBytes } = known;
  const isNew = { guid: known.guid, name, sizeBytes, device, goodTxg: 0, checksumErrors: 0, ioErrors: 0 };
  Object.assign(member, joining(core), isNew, { former: former === undefined ? undefined : old });
  if (former !== undefined) await keepReading(set, core, old, member.joinTxg);
  for (const each of left) if (each !== member.former?.device) await each?.close();
  set.onChange();
}

/** A label that a former device is in no more: what took its place has everything, as a durable root says. */
export async function forgetFormer(set: DeviceSet, member: Member): Promise<void> {
  const { former, guid, name, sizeBytes } = member;
  if (former === undefined) return;
  member.former = undefined;
  await set.writeLabels((label) => exchanged(label, guid, { guid, name, sizeBytes }));
  await former.device?.close();
}

function checkSize(set: DeviceSet, member: Member, device: BlockDevice): void {
  const described = set.label.groups.find(({ devices }) => devices.some(({ guid }) => guid === member.guid));
  const neededBytes =
    described === undefined
      ? member.sizeBytes
      : 2 * labelBytes + described.logBytes + described.segments * described.segmentBytes;
  if (wholeBytes(device) < neededBytes)
    refuse(
      'DeviceTooSmall',
      `device ${device.name} has ${device.sizeBytes} bytes, ${neededBytes} are needed`,
    );
}

/** What the label says of the old device while it is needed: not of one that lacks something, nor of one of a log. */
function formerOf(set: DeviceSet, core: GroupCore, member: Member): LabelDevice['former'] {
  if (core.segments === 0 || member.state !== 'current' || member.device === undefined) return undefined;
  const { guid, name, sizeBytes } = member;
  return { guid, name, sizeBytes, txg: set.rootTxg };
}

/** What was sent to the old device before it left is durable on it, and then it counts. */
async function keepReading(set: DeviceSet, core: GroupCore, old: Member, joinTxg: number): Promise<void> {
  await set.groups.find((group) => group.core === core)?.drained();
  try {
    await old.device?.flush();
    if (old.state === 'failed') Object.assign(old, { state: 'current', goodTxg: joinTxg - 1 });
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error; // it is read as long as it answers
  }
}

function exchanged(label: Label, guid: string, known: LabelDevice): Label {
  const swap = (devices: readonly LabelDevice[]) =>
    devices.map((each) => (each.guid === guid ? known : each));
  return {
    ...label,
    groups: label.groups.map((group) => ({ ...group, devices: swap(group.devices) })),
    logs: label.logs.map(swap),
  };
}

/** What a member is from the moment when it gets writes and lacks the rest; of a log nothing has to be copied. */
const joining = (core: GroupCore): Partial<Member> => ({
  state: core.segments === 0 ? 'current' : 'syncing',
  reason: undefined,
  joinTxg: core.openTxg,
  cursor: 0,
  flushedCursor: 0,
  isCopied: false,
  errorsInRow: 0,
  isDirty: false,
  flushing: undefined,
  former: undefined,
});

async function writeHeader(
  device: BlockDevice,
  { guid, sizeBytes }: LabelDevice,
  label: Label,
): Promise<void> {
  const header = encodeLabel({ ...label, device: guid });
  for (const offset of headerOffsets(sizeBytes)) await device.writeThrough(offset, header);
}

async function closeOld(old: BlockDevice | undefined, device: BlockDevice): Promise<void> {
  if (old !== device) await old?.close();
}
