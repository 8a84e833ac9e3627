import { expect, test } from '@jest/globals';
import type { VolumeCapabilityRead } from '../api/proto/csi/v1/VolumeCapability.ts';
import { isVolumeName } from './node/attacher.ts';
import { capabilitiesProblem } from './capabilities.ts';
import { socketPath } from './endpoint.ts';
import { VolumeLocks } from './volume-locks.ts';

const of = (change: object): VolumeCapabilityRead =>
  ({
    mount: { fsType: '' },
    accessMode: { mode: 'SINGLE_NODE_WRITER' },
    ...change,
  }) as unknown as VolumeCapabilityRead;

// prettier-ignore
test.each([
  // capability                                               problem
  [{},                                                        undefined],
  [{ mount: null, block: {} },                                undefined],
  [{ mount: { fsType: 'xfs' } },                              undefined],
  [{ accessMode: { mode: 'SINGLE_NODE_SINGLE_WRITER' } },     undefined],
  [{ accessMode: { mode: 'SINGLE_NODE_MULTI_WRITER' } },      undefined],
  [{ accessMode: null },                                      'c[0].access_mode is missing'],
  [{ accessMode: { mode: 'MULTI_NODE_READER_ONLY' } },        'c[0].access_mode MULTI_NODE_READER_ONLY is not offered: a volume serves one node, use SINGLE_NODE_WRITER, SINGLE_NODE_SINGLE_WRITER, SINGLE_NODE_MULTI_WRITER (ReadWriteOnce, ReadWriteOncePod)'],
  [{ mount: null },                                           'c[0].access_type is missing: give mount or block'],
  [{ mount: { fsType: 'btrfs' } },                            'c[0].mount.fs_type btrfs is not offered: use ext4 or xfs'],
] as const)('%j: %s', (change, problem) => {
  expect(capabilitiesProblem([of(change)], 'c')).toBe(problem);
});

// prettier-ignore
test.each([
  ['pvc-0f1e', true], ['a.b', true], ['', false], ['..', false], ['a..b', false], ['a/b', false], ['../x', false],
  ['A', false], ['a b', false], ['-a', false], ['x'.repeat(201), false],
] as const)('%j may be part of a path: %s', (name, may) => {
  expect(isVolumeName(name)).toBe(may);
});

test('a second call on a volume is told to come again, another volume is not held up', async () => {
  const locks = new VolumeLocks();
  const gate = Promise.withResolvers<string>();
  const first = locks.with('a', 'CreateVolume', () => gate.promise);
  await expect(locks.with('a', 'DeleteVolume', () => Promise.resolve('x'))).rejects.toMatchObject({
    code: 'ABORTED',
    message: 'CreateVolume of volume a is still running: try DeleteVolume again',
  });
  await expect(locks.with('b', 'DeleteVolume', () => Promise.resolve('b'))).resolves.toBe('b');
  gate.resolve('done');
  await expect(first).resolves.toBe('done');
  await expect(locks.with('a', 'x', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(locks.with('a', 'DeleteVolume', () => Promise.resolve('again'))).resolves.toBe('again');
});

test('sockets are written as sidecars write them', () => {
  expect(socketPath('--endpoint', 'unix:///csi/csi.sock')).toBe('/csi/csi.sock');
  expect(socketPath('--endpoint', 'unix:/csi/csi.sock')).toBe('/csi/csi.sock');
  for (const wrong of ['/csi/csi.sock', 'tcp://1:2', 'unix://', `unix:///${'x'.repeat(107)}`])
    expect(() => socketPath('--endpoint', wrong)).toThrow(`--endpoint ${wrong} is no socket`);
});
