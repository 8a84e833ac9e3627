/** What the kernel says of a block device. */
import { readFileSync, type Stats } from 'node:fs';

/** Size in bytes of the device that was looked at. (f)stat says 0; the kernel counts in 512 bytes, whatever the sector is. */
export function blockDeviceBytes({ rdev }: Pick<Stats, 'rdev'>): number {
  const major = (rdev >>> 8) & 0xfff;
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
  return Number(readFileSync(`/sys/dev/block/${major}:${minor}/size`, 'ascii')) * 512;
}
