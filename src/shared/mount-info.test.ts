import { expect, test } from '@jest/globals';
import { mountAt, parseMountInfo } from './mount-info.ts';

const text = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
40 22 0:53 / /var/lib/a\\040b/vol.img rw,nosuid - fuse /dev/fuse rw,user_id=0
41 22 7:3 / /staging rw,noatime shared:7 master:3 - ext4 /dev/loop3 ro
42 22 0:6 /loop3 /pods/blk rw - devtmpfs udev rw
43 41 7:4 / /staging ro - xfs /dev/loop4 rw

malformed
`;

test('each line becomes an entry, escapes undone', () => {
  const mounts = parseMountInfo(text);
  expect(mounts.map(({ number, root, point, fsType }) => [number, root, point, fsType])).toEqual([
    ['254:0', '/', '/', 'ext4'],
    ['0:53', '/', '/var/lib/a b/vol.img', 'fuse'],
    ['7:3', '/', '/staging', 'ext4'],
    ['0:6', '/loop3', '/pods/blk', 'devtmpfs'],
    ['7:4', '/', '/staging', 'xfs'],
  ]);
  expect(mounts[2]).toMatchObject({ options: ['rw', 'noatime'], superOptions: ['ro'], source: '/dev/loop3' });
});

test('the later of two mounts at one place is the visible one', () => {
  expect(mountAt(parseMountInfo(text), '/staging')?.number).toBe('7:4');
  expect(mountAt(parseMountInfo(text), '/nowhere')).toBeUndefined();
});
