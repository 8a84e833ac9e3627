/** The end of a pool. */
import type { BlockDevice } from './block-device.ts';
import { clearLabel } from './pool-create.ts';

/** Clears the labels of all devices, durably. The pool is closed; the caller has made sure that nobody needs it. */
export async function clearLabels(devices: readonly BlockDevice[]): Promise<void> {
  await Promise.all(devices.map(clearLabel));
}
