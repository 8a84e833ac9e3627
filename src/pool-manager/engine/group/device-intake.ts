/** What every change of a pool's devices begins with: the device it is about, and a new one that is made ready for the pool. */
import { type BlockDevice, DeviceError } from '../block-device.ts';
import { PoolRefusal } from '../refusal.ts';
import { checkEmpty, clearLabels } from './create-set.ts';
import type { DeviceSet } from './device-set.ts';
import { examineDevices } from './examine.ts';
import { devicesMax, labelBytes, labelOffsets } from './geometry.ts';
import type { GroupCore } from './group-core.ts';
import { devicesOf } from './label.ts';
import type { Member } from './member.ts';

export const refuse = (reason: PoolRefusal['reason'], message: string): never => {
  throw new PoolRefusal(reason, message);
};

export const wholeBytes = ({ sizeBytes }: BlockDevice): number => labelOffsets(sizeBytes)[1] + labelBytes;

/** Throws PoolRefusal. */
export function findMember(
  set: DeviceSet,
  guid: string,
): { readonly core: GroupCore; readonly member: Member } {
  for (const core of set.cores)
    for (const member of core.members) if (member.guid === guid) return { core, member };
  return refuse('PoolMismatch', `pool ${set.pool} has no device ${guid}`);
}

/** Devices that join: there is room for them, they are blank or may be overwritten, and nothing is left on them. Throws PoolRefusal. */
export async function takeIn(
  set: DeviceSet,
  devices: readonly BlockDevice[],
  overwrite: readonly string[],
): Promise<void> {
  if (devicesOf(set.label).length + devices.length > devicesMax)
    return refuse('LayoutInvalid', `a pool has at most ${devicesMax} devices`);
  for (const finding of await examineDevices(devices)) checkEmpty(finding, overwrite);
  await refusingErrors(() => clearLabels(devices));
  for (const device of devices) await welcome(set, device);
}

/** Nobody else has the device. Throws PoolRefusal. */
export const welcome = (set: DeviceSet, device: BlockDevice): Promise<void> =>
  refusingErrors(() => set.welcome(device));

/** A device that errs before it is the pool's is refused. */
export async function refusingErrors(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw new PoolRefusal('DeviceMissing', `${error.message}: choose another device`, { cause: error });
  }
}
