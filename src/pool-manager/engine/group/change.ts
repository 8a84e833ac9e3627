/**
 * Changes of a pool's devices while it serves: a device comes back, is replaced, a group is added, devices have grown.
 *
 * The new label is written with a higher generation, to new devices first: whichever label an import finds to be the
 * newest describes a tree whose devices carry it. A root follows (`onChange`); until then the import tells by the old root
 * that a new device has nothing yet.
 */
import { must } from '../../../shared/assert.ts';
import { type BlockDevice, DeviceError } from '../block-device.ts';
import { type EngineHost, newGuid } from '../host.ts';
import { PoolRefusal } from '../refusal.ts';
import {
  checkEmpty,
  checkLayout,
  clearLabels,
  describeDevice,
  describeGroup,
  membersOf,
} from './create-set.ts';
import type { DeviceSet } from './device-set.ts';
import { examineDevices } from './examine.ts';
import { devicesMax, labelBytes, labelOffsets, segmentsOf } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import { devicesOf, encodeLabel, type Label, type LabelDevice } from './label.ts';
import type { Member } from './member.ts';
import type { SegmentGroup } from './segment-group.ts';

const refuse = (reason: PoolRefusal['reason'], message: string): never => {
  throw new PoolRefusal(reason, message);
};

const wholeBytes = ({ sizeBytes }: BlockDevice): number => labelOffsets(sizeBytes)[1] + labelBytes;

/**
 * A device of the pool that was away or out of use is here again: it gets all writes from now on, and lacks what was
 * written since its last good root (resilver.ts). Throws PoolRefusal.
 */
export async function attachDevice(set: DeviceSet, device: BlockDevice): Promise<void> {
  const [finding] = await examineDevices([device]);
  if (finding?.kind !== 'pool' || finding.label.pool !== set.pool)
    return refuse('PoolMismatch', `device ${device.name} is none of pool ${set.pool}`);
  const { label, roots } = finding;
  const { core, member } = find(set, label.device);
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
  const old = member.device;
  Object.assign(member, joining(core), {
    device,
    name: device.name,
    goodTxg: Math.min(member.goodTxg, ownWhole),
  });
  await closeOld(old, device);
  await set.writeLabels(set.label);
  set.onChange();
}

/** Closes a device that is out of use, so that it can be opened again and attached. Others are left as they are. */
export async function releaseDevice(set: DeviceSet, guid: string): Promise<void> {
  const { member } = find(set, guid);
  const { device } = member;
  if (member.state !== 'failed' || device === undefined) return;
  member.device = undefined;
  await device.close();
}

/**
 * Another device takes the place of one in a redundant group, whether that one still works or not. It is copied to while
 * the pool serves (resilver.ts). The old device is closed; its label is none of the pool any more. Throws PoolRefusal.
 */
export async function replaceDevice(
  set: DeviceSet,
  guid: string,
  device: BlockDevice,
  options: { readonly host: EngineHost; readonly overwrite?: readonly string[] },
): Promise<void> {
  const { core, member } = find(set, guid);
  if (core.shape.parityColumns === 0)
    return refuse('LayoutInvalid', `device ${member.name} has no redundancy: a stripe's can not be replaced`);
  if (!core.canSpare(member))
    return refuse('LayoutInvalid', `device ${member.name} is needed: wait until the others have all data`);
  const [finding] = await examineDevices([device]);
  checkEmpty(must(finding, 'a finding'), options.overwrite ?? []);
  const described = set.label.groups.find(({ devices }) => devices.some((each) => each.guid === guid));
  const neededBytes =
    described === undefined
      ? member.sizeBytes
      : 2 * labelBytes + described.logBytes + described.segments * described.segmentBytes;
  if (wholeBytes(device) < neededBytes)
    return refuse(
      'DeviceTooSmall',
      `device ${device.name} has ${device.sizeBytes} bytes, ${neededBytes} are needed`,
    );
  await prepare(set, [device]);
  const known: LabelDevice = {
    guid: newGuid(options.host),
    name: device.name,
    sizeBytes: wholeBytes(device),
  };
  const swap = (devices: readonly LabelDevice[]) =>
    devices.map((each) => (each.guid === guid ? known : each));
  const label: Label = {
    ...set.label,
    generation: set.label.generation + 1,
    groups: set.label.groups.map((group) => ({ ...group, devices: swap(group.devices) })),
    logs: set.label.logs.map(swap),
  };
  // the old device gets all writes until every label is durable: a crash finds either it or the new one in the tree
  await writeHeader(device, known, label);
  await set.writeLabels(label);
  const old = member.device;
  Object.assign(member, joining(core), known, { device, goodTxg: 0, checksumErrors: 0, ioErrors: 0 });
  await closeOld(old, device);
  set.onChange();
}

/** One more group of devices; the space is told of it by the caller. Throws PoolRefusal. */
export async function addGroup(
  set: DeviceSet,
  devices: readonly BlockDevice[],
  options: { readonly host: EngineHost; readonly overwrite?: readonly string[] },
): Promise<SegmentGroup> {
  checkLayout(set.label.layout, [devices]);
  if (devicesOf(set.label).length + devices.length > devicesMax)
    return refuse('LayoutInvalid', `a pool has at most ${devicesMax} devices`);
  for (const finding of await examineDevices(devices)) checkEmpty(finding, options.overwrite ?? []);
  await prepare(set, devices);
  const described = describeGroup(devices, false, options.host);
  const members = membersOf(described.devices, devices);
  const group = set.addGroup(described, members);
  await set.writeLastRoot(members);
  const { label } = set;
  await set.writeLabels(
    { ...label, generation: label.generation + 1, groups: [...label.groups, described] },
    described.devices.map(({ guid }) => guid),
  );
  set.onChange();
  return group;
}

/**
 * Groups whose devices are larger than when they were taken in get more segments. Answers how many there are more; 0
 * when a device of each group is still small. Throws PoolRefusal when one is away: its label could not be moved.
 */
export async function growGroups(set: DeviceSet): Promise<number> {
  let more = 0;
  const groups: Label['groups'][number][] = [];
  await Promise.all(set.members.map(measure));
  for (const [i, described] of set.label.groups.entries()) {
    const { core } = set.group(i);
    const sizes = core.members.map(({ device, sizeBytes }) =>
      device === undefined ? sizeBytes : wholeBytes(device),
    );
    const segments = segmentsOf(Math.min(...sizes), described.logBytes, described.segmentBytes);
    if (segments <= described.segments) {
      groups.push(described);
      continue;
    }
    await moveBackLabels(core, sizes);
    const devices = described.devices.map((known, k) => ({ ...known, sizeBytes: must(sizes[k], 'a size') }));
    groups.push({ ...described, segments, devices });
    more += segments - described.segments;
  }
  if (more === 0) return 0;
  await set.writeLabels({ ...set.label, generation: set.label.generation + 1, groups });
  for (const [i, { segments }] of groups.entries()) set.group(i).core.grow(segments);
  return more;
}

/** A device that does not answer has the size that is known; it is judged by what it is used for. */
async function measure({ device }: Member): Promise<void> {
  try {
    await device?.measure?.();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
  }
}

/**
 * Log devices for a pool that has none; those of one list are copies of each other. The log goes on where it is until the
 * caller takes `set.logs.devices` for it. Throws PoolRefusal.
 */
export async function addLogDevices(
  set: DeviceSet,
  logs: readonly (readonly BlockDevice[])[],
  options: { readonly host: EngineHost; readonly overwrite?: readonly string[] },
): Promise<void> {
  const { label } = set;
  const devices = logs.flat();
  if (label.logs.length > 0)
    return refuse('LayoutInvalid', `pool ${set.pool} has log devices: replace them, more can not be added`);
  if (devicesOf(label).length + devices.length > devicesMax)
    return refuse('LayoutInvalid', `a pool has at most ${devicesMax} devices`);
  for (const finding of await examineDevices(devices)) checkEmpty(finding, options.overwrite ?? []);
  await prepare(set, devices);
  const described = logs.map((list) => list.map((device) => describeDevice(device, options.host)));
  set.addLogs(described.map((list, i) => membersOf(list, logs[i] ?? [])));
  await set.writeLabels(
    { ...label, generation: label.generation + 1, logs: described },
    described.flat().map(({ guid }) => guid),
  );
  set.onChange();
}

/** No old content passes for roots at the new ends; the old back labels become room for segments. */
async function moveBackLabels(core: GroupCore, sizes: readonly number[]): Promise<void> {
  const away = core.members.find(({ state }) => state !== 'current');
  if (away !== undefined)
    return refuse('DeviceMissing', `device ${away.name} does not have all data: attach or replace it first`);
  await Promise.all(
    core.members.map(async (member, k) => {
      const sizeBytes = must(sizes[k], 'a size');
      if (sizeBytes === member.sizeBytes) return;
      await core.writeThrough(member, labelOffsets(sizeBytes)[1], new Uint8Array(labelBytes));
      member.sizeBytes = sizeBytes;
    }),
  );
  core.throwIfFailed();
}

function find(set: DeviceSet, guid: string): { readonly core: GroupCore; readonly member: Member } {
  for (const core of set.cores)
    for (const member of core.members) if (member.guid === guid) return { core, member };
  return refuse('PoolMismatch', `pool ${set.pool} has no device ${guid}`);
}

/** What a member is from the moment when it gets writes and lacks the rest; of a log nothing has to be copied. */
const joining = (core: GroupCore): Partial<Member> => ({
  state: core.segments === 0 ? 'current' : 'syncing',
  reason: undefined,
  joinTxg: core.openTxg,
  cursor: 0,
  flushedCursor: 0,
  errorsInRow: 0,
  isDirty: false,
  flushing: undefined,
});

async function prepare(set: DeviceSet, devices: readonly BlockDevice[]): Promise<void> {
  try {
    await clearLabels(devices);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw new PoolRefusal('DeviceMissing', `${error.message}: choose another device`, { cause: error });
  }
  for (const device of devices) await welcome(set, device);
}

async function writeHeader(
  device: BlockDevice,
  { guid, sizeBytes }: LabelDevice,
  label: Label,
): Promise<void> {
  try {
    const header = encodeLabel({ ...label, device: guid });
    for (const offset of labelOffsets(sizeBytes).toReversed()) await device.writeThrough(offset, header);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw new PoolRefusal('DeviceMissing', `${error.message}: choose another device`, { cause: error });
  }
}

async function welcome(set: DeviceSet, device: BlockDevice): Promise<void> {
  try {
    await set.welcome(device);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw new PoolRefusal('DeviceMissing', `${error.message}: choose another device`, { cause: error });
  }
}

async function closeOld(old: BlockDevice | undefined, device: BlockDevice): Promise<void> {
  if (old !== device) await old?.close();
}
