/** A pool grows while it serves: by a group, or because its devices have grown. */
import { must } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { type BlockDevice, DeviceError } from '../block-device.ts';
import type { EngineHost } from '../host.ts';
import { checkLayout, checkSegments, describeGroup, membersOf } from './create-set.ts';
import { refuse, takeIn, wholeBytes } from './device-intake.ts';
import type { DeviceSet } from './device-set.ts';
import { labelBytes, labelOffsets, segmentsOf } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import type { LabelGroup } from './label.ts';
import { mendLabels } from './label-scrub.ts';
import type { SegmentGroup } from './segment-group.ts';

/** One more group of devices; the space is told of it by the caller. Throws PoolRefusal. */
export async function addGroup(
  set: DeviceSet,
  devices: readonly BlockDevice[],
  options: { readonly host: EngineHost; readonly overwrite?: readonly string[] },
): Promise<SegmentGroup> {
  checkLayout(set.label.layout, [devices]);
  const described = describeGroup(devices, false, options.host);
  checkSegments([...set.label.groups, described]);
  await takeIn(set, devices, options.overwrite ?? []);
  const members = membersOf(described.devices, devices);
  const group = set.addGroup(described, members);
  await set.writeLastRoot(members);
  await set.writeLabels((label) => ({ ...label, groups: [...label.groups, described] }), {
    first: described.devices.map(({ guid }) => guid),
  });
  set.onChange();
  return group;
}

/** Devices are asked for their sizes again. One that does not answer has the size that is known; it is judged by what it is used for. */
export async function measureDevices(set: DeviceSet): Promise<void> {
  await Promise.all(
    set.members.map(async ({ device }) => {
      try {
        await device?.measure?.();
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
      }
    }),
  );
}

interface Growth {
  readonly core: GroupCore;
  readonly described: LabelGroup;
  /** Of its devices, as they are now. */
  readonly sizes: readonly number[];
  /** As many as fit now; never fewer than there are. */
  readonly segments: number;
}

function growthOf(set: DeviceSet): readonly Growth[] {
  return set.label.groups.map((described, i) => {
    const { core } = set.group(i);
    const sizes = core.members.map(({ device, sizeBytes }) =>
      device === undefined ? sizeBytes : wholeBytes(device),
    );
    const fitting = segmentsOf(Math.min(...sizes), described.logBytes, described.segmentBytes);
    return { core, described, sizes, segments: Math.max(fitting, described.segments) };
  });
}

/** Bytes of data and reserve that `growGroups` would add, by sizes as last measured. */
export const growableBytes = (set: DeviceSet): number =>
  growthOf(set).reduce(
    (sum, { core, described, segments }) =>
      sum + (segments - described.segments) * core.segmentUnits * blockBytes,
    0,
  );

/**
 * Groups whose devices are larger than when they were taken in get more segments. Answers how many there are more; 0
 * when a device of each group is still small. Throws PoolRefusal when one is away, as its label could not be moved, and
 * when a pool can not have so many.
 */
export async function growGroups(set: DeviceSet): Promise<number> {
  await measureDevices(set);
  const growing = growthOf(set);
  checkSegments(growing);
  if (growing.some(({ described, segments }) => segments > described.segments))
    await set.whileLabelsStay(() => mendLabels(set)); // a front label is all there is until the back one is at its new place
  let more = 0;
  for (const { core, described, sizes, segments } of growing) {
    if (segments === described.segments) continue;
    await moveBackLabels(core, sizes);
    more += segments - described.segments;
  }
  if (more === 0) return 0;
  const grown = (group: LabelGroup, i: number): LabelGroup => {
    const { described, segments, sizes } = must(growing[i], 'a group');
    if (segments === described.segments) return group;
    const devices = group.devices.map((known, k) => ({ ...known, sizeBytes: must(sizes[k], 'a size') }));
    return { ...group, segments, devices };
  };
  await set.writeLabels((label) => ({ ...label, groups: label.groups.map(grown) }));
  for (const { core, segments } of growing) core.grow(segments);
  return more;
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
