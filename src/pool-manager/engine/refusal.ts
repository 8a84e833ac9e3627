/**
 * A pool can not be created or imported from these devices. Nothing was written.
 *
 * `reason` is CamelCase and becomes the reason of a condition; `message` names the device, what was found and the remedy.
 */
export type RefusalReason =
  /** A device of the pool, or a path, is not there. */
  | 'DeviceMissing'
  /** Somebody's file system, partition table, volume manager, … is on it. */
  | 'DeviceForeign'
  /** Another process has it open. */
  | 'DeviceInUse'
  | 'DeviceTooSmall'
  /** Two devices, or two pools, claim one GUID: one of them is a copy. */
  | 'DuplicateGuid'
  /** The device belongs to another pool. */
  | 'PoolMismatch'
  /** Written by a newer release. */
  | 'UnsupportedFeature'
  /** No device carries a pool. */
  | 'NoPool'
  /** Labels, but no root: creation was interrupted, or all roots are damaged. */
  | 'NoValidRoot'
  /** Two different roots of one transaction group: both halves of a mirror went on alone. */
  | 'ForkedPool'
  /** These devices in these groups make no pool of this layout. */
  | 'LayoutInvalid'
  /** What the root names can not be read. */
  | 'Damaged';

export class PoolRefusal extends Error {
  override readonly name = 'PoolRefusal';
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
