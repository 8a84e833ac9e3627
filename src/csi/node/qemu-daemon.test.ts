import { expect, test } from '@jest/globals';
import { daemonArguments, resizeCommand } from './qemu-daemon.ts';

const paths = {
  folder: '/k/attach/pvc-1',
  file: '/k/attach/pvc-1/disk',
  monitor: '/k/attach/.0123',
  secret: '/k/attach/pvc-1/chap',
  cgroup: 'attach-0123',
};
const request = {
  volume: 'pvc-1',
  portal: '10.0.0.7:3260',
  iqn: 'iqn.2016-09.com.openebs.cstor:pvc-1',
  lun: 0,
  initiator: 'iqn.2016-09.com.openebs.csi:node-1',
  readOnly: false,
};

test('one iSCSI session, one FUSE file, one monitor; flushes and discards pass through', () => {
  expect(daemonArguments(request, paths)).toEqual([
    'qemu-storage-daemon',
    '--daemonize',
    '--blockdev',
    'driver=iscsi,node-name=volume,transport=tcp,portal=10.0.0.7:3260,target=iqn.2016-09.com.openebs.cstor:pvc-1,lun=0,' +
      'initiator-name=iqn.2016-09.com.openebs.csi:node-1,discard=unmap,cache.direct=on,cache.no-flush=off',
    '--export',
    'type=fuse,id=file,node-name=volume,mountpoint=/k/attach/pvc-1/disk,writable=on,growable=off',
    '--chardev',
    'socket,id=monitor,path=/k/attach/.0123,server=on,wait=off',
    '--monitor',
    'chardev=monitor',
  ]);
});

test('read-only is read-only from the session to the file', () => {
  const line = daemonArguments({ ...request, readOnly: true }, paths).join(' ');
  expect(line).toContain('read-only=on');
  expect(line).toContain('writable=off');
});

test('a secret is named by its file', () => {
  const line = daemonArguments({ ...request, chap: { user: 'a,b', secret: 'correct-horse' } }, paths).join(
    ' ',
  );
  expect(line).toContain('--object secret,id=chap,file=/k/attach/pvc-1/chap');
  expect(line).toContain('user=a,,b,password-secret=chap');
  expect(line).not.toContain('correct-horse');
});

test('the monitor is told the real new size', () => {
  expect(resizeCommand(2 ** 31)).toEqual({
    execute: 'block_resize',
    arguments: { 'node-name': 'volume', size: 2 ** 31 },
  });
});
