/**
 * How our LUNs name themselves in INQUIRY, and therefore under /sys/block/<disk>/device/. The node disk manager must
 * never offer such a disk as a block device.
 */
export const scsiVendor = 'CASKADE';
export const scsiProduct = 'Caskade volume';
