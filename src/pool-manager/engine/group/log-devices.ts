/**
 * The log devices of a pool change while it serves. The log is not on them meanwhile: the caller has moved it to the ring
 * of the first group, and a root says so, before anything here is done (pool/log-devices.ts). So it does not matter
 * which of them a crash leaves.
 */
import { type BlockDevice, DeviceError } from '../block-device.ts';
import type { EngineHost } from '../host.ts';
import { clearLabels, describeDevice, membersOf } from './create-set.ts';
import { takeIn } from './device-intake.ts';
import type { DeviceSet } from './device-set.ts';

/** More of them; those of one list are copies of each other. Throws PoolRefusal. */
export async function addLogDevices(
  set: DeviceSet,
  logs: readonly (readonly BlockDevice[])[],
  options: { readonly host: EngineHost; readonly overwrite?: readonly string[] },
): Promise<void> {
  await takeIn(set, logs.flat(), options.overwrite ?? []);
  const described = logs.map((list) => list.map((device) => describeDevice(device, options.host)));
  const added = described.map((list, i) => membersOf(list, logs[i] ?? []));
  set.setLogs([...set.logMembers, ...added]);
  await set.writeLabels((label) => ({ ...label, logs: [...label.logs, ...described] }), {
    first: described.flat().map(({ guid }) => guid),
  });
  set.onChange();
}

/**
 * Without the lists that have any of these devices; they are cleared, as far as they can be, and closed. Answers how many
 * lists there were of them.
 */
export async function removeLogDevices(set: DeviceSet, guids: readonly string[]): Promise<number> {
  const leaves = (list: readonly { readonly guid: string }[]) =>
    list.some(({ guid }) => guids.includes(guid));
  const leaving = set.logMembers.filter(leaves);
  if (leaving.length === 0) return 0;
  set.setLogs(set.logMembers.filter((list) => !leaves(list)));
  await set.writeLabels((label) => ({ ...label, logs: label.logs.filter((list) => !leaves(list)) }));
  set.onChange();
  await Promise.all(leaving.flat().map(async ({ device }) => await letGo(device)));
  return leaving.length;
}

/** No label lists it any more: one that keeps its own is a stranger's to whoever wants it next, and no more than that. */
async function letGo(device: BlockDevice | undefined): Promise<void> {
  if (device === undefined) return;
  try {
    await clearLabels([device]);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
  }
  await device.close();
}
