/** A block device as the reconcilers see it, for tests: whole, active, of nobody. */
import type { Device } from '../reconcilers/block-device-claim/inventory.ts';

export const discoveredDevice = (fields: Partial<Device> & Pick<Device, 'name'>): Device => ({
  uid: `${fields.name}-uid`,
  node: 'n1',
  hostname: 'n1',
  bytes: 1,
  state: 'Active',
  claimState: 'Unclaimed',
  claim: undefined,
  type: 'disk',
  fileSystem: '',
  partitioned: false,
  tag: undefined,
  paths: [],
  deleting: false,
  finalizers: [],
  ...fields,
});
