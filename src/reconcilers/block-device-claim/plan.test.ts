import { expect, test } from '@jest/globals';
import type { Device } from './inventory.ts';
import { claimFinalizer, plan, select, type Claim } from './plan.ts';

const device = (fields: Partial<Device> = {}): Device => ({
  name: 'bd-1',
  uid: 'bd-1-uid',
  node: 'node-1',
  hostname: 'host-1',
  bytes: 4096,
  state: 'Active',
  claimState: 'Unclaimed',
  claim: undefined,
  type: 'disk',
  fileSystem: '',
  partitioned: false,
  tag: undefined,
  paths: ['/dev/sdb'],
  deleting: false,
  finalizers: [],
  ...fields,
});
const claim = (fields: Partial<Claim> = {}): Claim => ({
  name: 'bdc-1',
  uid: 'u1',
  deleting: false,
  finalizers: [claimFinalizer],
  phase: '',
  deviceName: 'bd-1',
  deviceType: '',
  node: '',
  hostname: '',
  bytesMin: 1024,
  tags: [],
  ...fields,
});
const mine = { name: 'bdc-1', uid: 'u1' };
const theirs = { name: 'bdc-2', uid: 'u2' };

// prettier-ignore
test.each([
  // what                          claim                                   device                                          does
  ['finalizer before anything',    claim({ finalizers: [] }),              device(),                                       ['addFinalizer']],
  ['the lock first',               claim(),                                device(),                                       ['claimDevice']],
  ['crash after the lock',         claim(),                                device({ claim: mine }),                        ['markClaimed', 'bind']],
  ['crash after Claimed',          claim(),                                device({ claim: mine, claimState: 'Claimed' }), ['bind']],
  ['all is done',                  claim({ phase: 'Bound' }),              device({ claim: mine, claimState: 'Claimed' }), []],
  ['taken by another',             claim(),                                device({ claim: theirs }),                      ['setPhase']],
  ['still taken: said once',       claim({ phase: 'Pending' }),            device({ claim: theirs }),                      []],
  ['bound, its device gone',       claim({ phase: 'Bound' }),              device({ name: 'bd-2' }),                       []],
  ['released: in use yet',         claim({ deleting: true, finalizers: [claimFinalizer, 'x'] }), device({ claim: mine, claimState: 'Claimed' }), []],
  ['released',                     claim({ deleting: true }),              device({ claim: mine, claimState: 'Claimed' }), ['markReleased']],
  ['released, then free',          claim({ deleting: true }),              device({ claim: mine, claimState: 'Released' }), ['unclaim']],
  ['free, then gone',              claim({ deleting: true }),              device(),                                       ['removeFinalizer']],
  ['deleted before it was bound',  claim({ deleting: true }),              device({ claim: theirs }),                      ['removeFinalizer']],
])('%s', (_what, wish, found, does) => {
  expect(plan(wish, [found]).map((action) => action.do)).toEqual(does);
});

const any = { deviceName: '' };
// prettier-ignore
test.each([
  // asks for                                         device                                     gets
  [claim(),                                           device(),                                  'bd-1'],
  [claim(),                                           device({ state: 'Inactive' }),             'Pending'],
  [claim(),                                           device({ claimState: 'Released' }),        'Pending'],
  [claim(),                                           device({ tag: '' }),                       'Pending'],
  [claim(),                                           device({ tag: 'fast' }),                   'Pending'],
  [claim({ tags: ['fast'] }),                         device({ tag: 'fast' }),                   'bd-1'],
  [claim({ deviceName: 'bd-9' }),                     device(),                                  'Pending'],
  [claim({ bytesMin: undefined }),                    device(),                                  'bd-1'], // by name: capacity is no matter
  [claim({ ...any, bytesMin: 0 }),                    device(),                                  'Invalid Capacity Request'],
  [claim({ ...any, bytesMin: undefined }),            device(),                                  'Invalid Capacity Request'],
  [claim({ ...any }),                                 device(),                                  'bd-1'],
  [claim({ ...any, bytesMin: 8192 }),                 device(),                                  'Pending'],
  [claim({ ...any }),                                 device({ type: 'sparse' }),                'Pending'], // by name only
  [claim({ ...any, node: 'node-2' }),                 device(),                                  'Pending'],
  [claim({ ...any, hostname: 'host-1' }),             device(),                                  'bd-1'],
  [claim({ ...any, deviceType: 'lvm' }),              device(),                                  'Pending'],
  [claim({ ...any, tags: ['fast'] }),                 device(),                                  'Pending'],
])('selection %#', (wish, found, gets) => {
  const choice = select(wish, [found]);
  expect(choice.ok ? choice.device.name : choice.phase).toBe(gets);
});

test('of several that fit, the first by name', () => {
  const choice = select(claim(any), [device({ name: 'bd-b' }), device({ name: 'bd-a' })]);
  expect(choice.ok && choice.device.name).toBe('bd-a');
});
