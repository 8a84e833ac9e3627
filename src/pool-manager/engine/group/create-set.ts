/** Makes devices those of a new pool. Nothing is written before all of them are judged acceptable. */
import { blockBytes } from '../../../shared/block-size.ts';
import type { BlockDevice } from '../block-device.ts';
import { type EngineHost, newGuid } from '../host.ts';
import { PoolRefusal } from '../refusal.ts';
import { DeviceSet } from './device-set.ts';
import { examineDevices, type Finding } from './examine.ts';
import {
  deviceBytesMin,
  devicesMax,
  labelBytes,
  headerOffsets,
  labelOffsets,
  type Layout,
  logBytesFor,
  poolSegmentsMax,
  segmentBytesFor,
  segmentsOf,
  widths,
} from './geometry.ts';
import {
  encodeLabel,
  formatVersion,
  headerBytes,
  type Label,
  type LabelDevice,
  type LabelGroup,
} from './label.ts';
import { type Member, newMember } from './member.ts';
import { type OwnerOptions, watchOwner } from './owner.ts';
import { firstTxg } from './root.ts';

type Devices = readonly BlockDevice[];

export interface CreateSetOptions {
  readonly layout: Layout;
  /** stripe: any number of devices, each a group of its own however they are listed. */
  readonly groups: readonly Devices[];
  /** Log devices; those of one list are copies of each other. */
  readonly logs?: readonly Devices[];
  /** Names of devices whose content may be destroyed. */
  readonly overwrite?: readonly string[];
  readonly host: EngineHost;
  readonly owner?: OwnerOptions | undefined;
}

/** Labels are durable when answered; the pool exists with its first root. Throws PoolRefusal. */
export async function createDeviceSet(options: CreateSetOptions): Promise<DeviceSet> {
  const { layout, host, logs = [] } = options;
  const groups = layout === 'stripe' ? options.groups.flat().map((device) => [device]) : options.groups;
  const all = [...groups.flat(), ...logs.flat()];
  checkLayout(layout, groups, logs);
  for (const finding of await examineDevices(all)) checkEmpty(finding, options.overwrite ?? []);
  const described = groups.map((devices, i) => describeGroup(devices, i === 0, host));
  checkSegments(described);
  if (options.owner !== undefined) await watchOwner(all, options.owner);
  const label: Label = {
    version: formatVersion,
    features: { required: [], readOnly: [] },
    generation: 1,
    pool: newGuid(host),
    device: '',
    layout,
    groups: described,
    logs: logs.map((devices) => devices.map((device) => describeDevice(device, host))),
  };
  await clearLabels(all);
  const members = label.groups.map((group, i) => membersOf(group.devices, groups[i] ?? []));
  const logMembers = label.logs.map((devices, i) => membersOf(devices, logs[i] ?? []));
  await Promise.all([...members, ...logMembers].flat().map((member) => writeFirstLabel(label, member)));
  const set = new DeviceSet({ label, members, logMembers, owner: options.owner, openTxg: firstTxg });
  await set.claim();
  return set;
}

export function checkLayout(layout: Layout, groups: readonly Devices[], logs: readonly Devices[] = []): void {
  const devices = [...groups.flat(), ...logs.flat()];
  const refuse = (message: string): never => {
    throw new PoolRefusal('LayoutInvalid', message);
  };
  if (groups.length === 0) refuse('a pool needs at least one device');
  if (devices.length > devicesMax) refuse(`${devices.length} devices: a pool has at most ${devicesMax}`);
  const twice = devices.find((device, i) => devices.findIndex(({ name }) => name === device.name) !== i);
  if (twice !== undefined) refuse(`device ${twice.name} is named twice: name each device once`);
  const { min, max } = widths[layout];
  for (const group of groups)
    if (group.length < min || group.length > max)
      refuse(
        `a ${layout} group has ${min} to ${max} devices, got ${group.length}: ${group.map(({ name }) => name).join(', ')}`,
      );
}

/** Throws PoolRefusal when groups have more segments together than a pool can number. */
export function checkSegments(groups: readonly Pick<LabelGroup, 'segments'>[]): void {
  const all = groups.reduce((sum, { segments }) => sum + segments, 0);
  if (all > poolSegmentsMax)
    throw new PoolRefusal(
      'LayoutInvalid',
      `the groups have ${all} segments together, a pool has at most ${poolSegmentsMax}: make another pool of the last group`,
    );
}

/** Whether a device may be taken in; throws PoolRefusal. */
export function checkEmpty(finding: Finding, overwrite: readonly string[]): void {
  const { name, sizeBytes } = finding.device;
  const remedy = `choose another device, wipe it (wipefs -a), or allow overwriting ${name}`;
  switch (finding.kind) {
    case 'blank':
      return;
    case 'tooSmall':
      throw new PoolRefusal(
        'DeviceTooSmall',
        `device ${name} has ${sizeBytes} bytes: at least ${deviceBytesMin} are needed`,
      );
    case 'unreadable':
      throw new PoolRefusal('DeviceMissing', `device ${name} can not be read: ${finding.why}: replace it`);
    case 'foreign':
      if (overwrite.includes(name)) return;
      throw new PoolRefusal('DeviceForeign', `device ${name} carries ${finding.what}: ${remedy}`);
    case 'damaged':
      if (overwrite.includes(name)) return;
      throw new PoolRefusal(
        'DeviceForeign',
        `device ${name} carries a damaged label of a Caskade pool: ${remedy}`,
      );
    case 'pool':
      // no root was ever there: a creation that was interrupted holds nothing
      if (overwrite.includes(name) || finding.untouched) return;
      throw new PoolRefusal(
        'PoolMismatch',
        `device ${name} belongs to pool ${finding.label.pool}: import that pool, or ${remedy}`,
      );
  }
}

const wholeBytes = ({ sizeBytes }: BlockDevice): number => Math.floor(sizeBytes / blockBytes) * blockBytes;

export const describeDevice = (device: BlockDevice, host: EngineHost): LabelDevice => ({
  guid: newGuid(host),
  name: device.name,
  sizeBytes: wholeBytes(device),
});

/** The first group carries the log ring. */
export function describeGroup(devices: Devices, hasLog: boolean, host: EngineHost): LabelGroup {
  const smallest = Math.min(...devices.map(wholeBytes));
  const logBytes = hasLog ? logBytesFor(smallest) : 0;
  const segmentBytes = segmentBytesFor(smallest);
  return {
    segmentBytes,
    segments: segmentsOf(smallest, logBytes, segmentBytes),
    logBytes,
    devices: devices.map((device) => describeDevice(device, host)),
  };
}

export const membersOf = (described: readonly LabelDevice[], devices: Devices): readonly Member[] =>
  described.map(({ guid, name, sizeBytes }, i) =>
    newMember({ guid, name, sizeBytes, device: devices[i], state: 'current' }),
  );

async function writeFirstLabel(label: Label, { guid, device, sizeBytes }: Member): Promise<void> {
  const header = encodeLabel({ ...label, device: guid });
  for (const offset of headerOffsets(sizeBytes)) await device?.writeThrough(offset, header);
}

/**
 * Removes both labels of each device and what stands in their places, durably. Headers first: without them nothing else
 * is looked at, and no old root can pass for one of a new pool.
 */
export async function clearLabels(devices: Devices): Promise<void> {
  await Promise.all(
    devices.map(async (device) => {
      const offsets = labelOffsets(wholeBytes(device));
      const headers = headerOffsets(wholeBytes(device));
      for (const offset of headers) await device.write(offset, new Uint8Array(headerBytes));
      await device.flush();
      for (const offset of offsets) await device.write(offset, new Uint8Array(labelBytes));
      await device.flush();
    }),
  );
}
