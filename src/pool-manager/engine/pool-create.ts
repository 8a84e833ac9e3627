/** Makes a pool of devices. Nothing is written before all of them are judged acceptable. */
import { blockBytes } from '../../shared/block-size.ts';
import type { BlockDevice } from './block-device.ts';
import { DeviceGroup, type Member } from './device-group.ts';
import { saveDirectory } from './directory.ts';
import { examineDevices, type Finding } from './examine.ts';
import { type EngineHost, newGuid } from './host.ts';
import {
  deviceBytesMin,
  devicesMax,
  encodeLabel,
  formatVersion,
  headerBytes,
  type Label,
  labelBytes,
  labelOffsets,
  type LabelGroup,
} from './label.ts';
import { EnginePool } from './open-pool.ts';
import type { Layout } from './pool.ts';
import { defaultLimits, type EngineLimits, PoolCore } from './pool-core.ts';
import { PoolRefusal } from './refusal.ts';
import { spaceUnitsMax } from './space.ts';
import { emptySpaceMap } from './space-map.ts';

export interface CreateOptions {
  readonly layout: Layout;
  /** stripe: any number of devices, each on its own however they are grouped; mirror: 2 or more in each group. */
  readonly groups: readonly (readonly BlockDevice[])[];
  /** Names of devices whose content may be destroyed. */
  readonly overwrite?: readonly string[];
  readonly host: EngineHost;
  readonly limits?: Partial<EngineLimits>;
}

/** Throws PoolRefusal; the pool is durable when answered. */
export async function createPool(options: CreateOptions): Promise<EnginePool> {
  const { layout, host } = options;
  const groups = layout === 'stripe' ? options.groups.flat().map((device) => [device]) : options.groups;
  checkLayout(layout, groups);
  for (const finding of await examineDevices(groups.flat())) checkEmpty(finding, options.overwrite ?? []);
  const label = describe(layout, groups, newGuid(host), host);
  await writeLabels(groups, label);
  const core = new PoolCore({
    guid: label.pool,
    layout,
    host,
    groups: openGroups(label, groups),
    limits: { ...defaultLimits, ...options.limits },
  });
  const directory = saveDirectory(core, []);
  const pool = new EnginePool(core, { directory, spaceMap: emptySpaceMap(core) });
  await pool.begin();
  return pool;
}

function checkLayout(layout: Layout, groups: readonly (readonly BlockDevice[])[]): void {
  const devices = groups.flat();
  const refuse = (message: string): never => {
    throw new PoolRefusal('LayoutInvalid', message);
  };
  if (devices.length === 0) refuse('a pool needs at least one device');
  if (devices.length > devicesMax) refuse(`${devices.length} devices: a pool has at most ${devicesMax}`);
  const twice = devices.find((device, i) => devices.findIndex(({ name }) => name === device.name) !== i);
  if (twice !== undefined) refuse(`device ${twice.name} is named twice: name each device once`);
  for (const group of groups)
    if (layout === 'mirror' && group.length < 2)
      refuse(`a mirror group needs two devices or more, got ${group.map(({ name }) => name).join(', ')}`);
}

function checkEmpty(finding: Finding, overwrite: readonly string[]): void {
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

function describe(
  layout: Layout,
  groups: readonly (readonly BlockDevice[])[],
  pool: string,
  host: EngineHost,
): Label {
  const described = groups.map((devices): LabelGroup => {
    const smallest = Math.min(...devices.map(({ sizeBytes }) => Math.floor(sizeBytes / blockBytes)));
    const units = smallest - (2 * labelBytes) / blockBytes;
    return {
      units: units - (units % 32),
      devices: devices.map(({ name, sizeBytes }) => ({ guid: newGuid(host), name, sizeBytes })),
    };
  });
  if (described.reduce((sum, { units }) => sum + units, 0) > spaceUnitsMax)
    throw new PoolRefusal('LayoutInvalid', 'a pool has at most 16 TiB: use fewer or smaller devices');
  return { version: formatVersion, features: [], pool, device: '', layout, groups: described };
}

/** Rings are cleared and flushed before a header names a pool there: no old root can pass for one of it. */
async function writeLabels(groups: readonly (readonly BlockDevice[])[], label: Label): Promise<void> {
  const each = groups.flatMap((devices, g) =>
    devices.map((device, d) => ({ device, guid: label.groups[g]?.devices[d]?.guid ?? '' })),
  );
  await Promise.all(each.map(({ device }) => clearLabel(device)));
  await Promise.all(
    each.map(async ({ device, guid }) => {
      const header = encodeLabel({ ...label, device: guid });
      for (const offset of labelOffsets(device.sizeBytes)) await device.write(offset, header);
      await device.flush();
    }),
  );
}

/** Removes both labels and what stands in their places, durably. */
export async function clearLabel(device: BlockDevice): Promise<void> {
  const offsets = labelOffsets(device.sizeBytes);
  // headers first: without them nothing else is looked at
  for (const offset of offsets) await device.write(offset, new Uint8Array(headerBytes));
  await device.flush();
  for (const offset of offsets) await device.write(offset, new Uint8Array(labelBytes));
  await device.flush();
}

/** All devices of a new pool, in use. */
function openGroups(label: Label, groups: readonly (readonly BlockDevice[])[]): DeviceGroup[] {
  let firstUnit = 0;
  return label.groups.map(({ units, devices }, g) => {
    const members = devices.map(({ guid, name, sizeBytes }, d): Member => ({
      guid,
      name,
      sizeBytes,
      device: groups[g]?.[d],
      state: 'current',
      reason: undefined,
      goodTxg: 0,
      checksumErrors: 0,
      ioErrors: 0,
    }));
    const group = new DeviceGroup({ firstUnit, units, members });
    firstUnit += units;
    return group;
  });
}
