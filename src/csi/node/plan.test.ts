import { expect, test } from '@jest/globals';
import type { MountEntry } from '../../shared/mount-info.ts';
import type { Signature } from '../../shared/signatures.ts';
import { planPublish, planStage, stageOptions } from './plan.ts';

const at = (number: string): MountEntry => ({
  number,
  root: '/',
  point: '/staging',
  options: ['rw'],
  fsType: 'ext4',
  source: '/dev/loop3',
  superOptions: ['rw'],
});
const on = (kind: Signature['kind'], type: string): Signature => ({ kind, type, where: 'byte 0' });
const ext4 = on('filesystem', 'ext4');
const xfs = on('filesystem', 'xfs');

// prettier-ignore
test.each([
  // device                           mounted      wish                               steps
  ['blank',                     [],               undefined, {},                      ['format ext4', 'mount rw']],
  ['blank, xfs',                [],               undefined, { fileSystem: 'xfs' },   ['format xfs', 'mount rw,nouuid']],
  ['blank, read-only',          [],               undefined, { readOnly: true },      'FAILED_PRECONDITION'],
  ['ext4',                      [ext4],           undefined, {},                      ['check ext4 repair', 'mount rw']],
  ['ext4, read-only',           [ext4],           undefined, { readOnly: true },      ['check ext4 look', 'mount ro']],
  ['xfs',                       [xfs],            undefined, { fileSystem: 'xfs' },   ['check xfs repair', 'mount rw,nouuid']],
  ['ext4 in a class of xfs',    [ext4],           undefined, { fileSystem: 'xfs' },   'FAILED_PRECONDITION'],
  ['a partition table',         [on('partitionTable', 'gpt')], undefined, {},         'FAILED_PRECONDITION'],
  ['LUKS',                      [on('encryption', 'crypto_LUKS')], undefined, {},     'FAILED_PRECONDITION'],
  ['ext4 below a pool label',   [on('pool', 'caskade_pool'), ext4], undefined, {},    'FAILED_PRECONDITION'],
  ['ext4 with flags',           [ext4],           undefined, { mountFlags: ['noatime', 'rw'] }, ['check ext4 repair', 'mount rw,noatime']],
  ['mounted already',           [],               at('7:3'), {},                      []],
  ['mounted, what is on it is not looked at', [ext4], at('7:3'), { fileSystem: 'xfs' }, []],
  ['another device is mounted', [ext4],           at('7:9'), {},                      ['unmountStale 7:9', 'check ext4 repair', 'mount rw']],
] as const)('stage: %s', (_, signatures, mounted, wish, expected) => {
  const plan = planStage(
    { volume: 'pvc-1', fileSystem: 'ext4', readOnly: false, mountFlags: [], ...wish },
    { devicePath: '/dev/loop3', deviceNumber: '7:3', mounted, signatures, halfMade: false },
  );
  expect('refuse' in plan ? plan.refuse : plan.map(words)).toEqual(expected);
});

const words = (step: { do: string }): string =>
  'options' in step ? `${step.do} ${String(step.options)}` : Object.values(step).map(String).join(' ');

test('a file system that mkfs left half made is made again', () => {
  const plan = planStage(
    { volume: 'pvc-1', fileSystem: 'xfs', readOnly: false, mountFlags: [] },
    { devicePath: '/dev/sdb', deviceNumber: '8:16', mounted: undefined, signatures: [xfs], halfMade: true },
  );
  expect(plan).toMatchObject([{ do: 'format', fileSystem: 'xfs' }, { do: 'mount' }]);
});

test('a refusal names the volume, what is there, what was asked for and the remedy', () => {
  expect(
    planStage(
      { volume: 'pvc-1', fileSystem: 'ext4', readOnly: false, mountFlags: [] },
      {
        devicePath: '/dev/sdb',
        deviceNumber: '8:16',
        mounted: undefined,
        signatures: [xfs],
        halfMade: false,
      },
    ),
  ).toEqual({
    refuse: 'FAILED_PRECONDITION',
    message:
      'volume pvc-1 carries xfs (byte 0), the class asks for fsType ext4: ' +
      'use a class with its fsType or volumeMode Block; nothing on it was changed',
  });
});

test('options stand once, in the order given', () => {
  expect(stageOptions('xfs', false, ['noatime', 'nouuid', 'rw'])).toEqual(['rw', 'nouuid', 'noatime']);
});

// prettier-ignore
test.each([
  // target now                          wish                elsewhere   steps
  [undefined,                            {},                 [],         ['bind false']],
  [undefined,                            { readOnly: true }, [],         ['bind true']],
  [{ number: '7:3', readOnly: false },   {},                 [],         []],
  [{ number: '7:3', readOnly: true },    { readOnly: true }, [],         []],
  [{ number: '7:3', readOnly: false },   { readOnly: true }, [],         ['unmountStale 7:3', 'bind true']],
  [{ number: '7:9', readOnly: false },   {},                 [],         ['unmountStale 7:9', 'bind false']],
  [undefined,                            {},                 ['/pod-2'], ['bind false']],
  [undefined,                            { alone: true },    ['/pod-2'], 'FAILED_PRECONDITION'],
  [{ number: '7:3', readOnly: false },   { alone: true },    [],         []],
] as const)('publish: %j, %j, elsewhere %j: %j', (target, wish, elsewhere, expected) => {
  const plan = planPublish(
    { volume: 'pvc-1', targetPath: '/pod-1', readOnly: false, alone: false, ...wish },
    { deviceNumber: '7:3', target, elsewhere },
  );
  expect('refuse' in plan ? plan.refuse : plan.map(words)).toEqual(expected);
});
