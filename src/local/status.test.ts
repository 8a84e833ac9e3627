import { expect, test } from '@jest/globals';
import type { PoolStatusRead } from '../api/proto/caskade/pool/v1/PoolStatus.ts';
import type { TargetStatusRead } from '../api/proto/caskade/target/v1/TargetStatus.ts';
import { localStatus, statusTable } from './status.ts';

const pool = (name: string, last: number, epoch = 3) => ({
  name,
  status: { replicas: [{ volume: 'v', last, epoch }] } as unknown as PoolStatusRead,
});
const dead = (name: string) => ({ name, status: undefined });
const seen = (poolName: string, state: string, last: number, rebuild: object | null = null) => ({
  pool: poolName,
  state,
  last,
  rebuild,
});
const target = (phase: string, ...replicas: object[]) =>
  ({ phase, epoch: 4, replicas }) as unknown as TargetStatusRead;
const rebuild = { percent: 12.5, bytesPerSecond: 3 * 2 ** 20, etaSeconds: 9 };

test('the target says who is in sync, pools how far they are', () => {
  const status = localStatus(
    'v',
    [pool('pool-1', 10), pool('pool-2', 7), dead('pool-3')],
    target(
      'Degraded',
      seen('pool-1', 'InSync', 9),
      seen('pool-2', 'Rebuilding', 7, rebuild),
      seen('pool-3', 'Offline', 5),
    ),
  );
  expect(status).toEqual({
    state: 'Degraded',
    epoch: 4,
    replicas: [
      { name: 'pool-1', state: 'Healthy', number: 10, rebuild: null },
      { name: 'pool-2', state: 'Rebuilding', number: 7, rebuild },
      { name: 'pool-3', state: 'Offline', number: 5, rebuild: null },
    ],
  });
  expect(statusTable(status)).toBe(
    [
      'volume Degraded, epoch 4',
      'REPLICA  STATE       NUMBER  REBUILD',
      'pool-1   Healthy     10      -',
      'pool-2   Rebuilding  7       12.5 %, 3.0 MiB/s, 9 s left',
      'pool-3   Offline     5       -',
    ].join('\n'),
  );
});

test('what was repaired, proved wrong and proved stands with the replica', () => {
  const repaired = { volume: 'v', last: 1, epoch: 1, repairedBlocks: 3 };
  const stored = { name: 'pool-1', status: { replicas: [repaired] } as unknown as PoolStatusRead };
  const proved = { ...seen('pool-1', 'InSync', 1), mismatches: 2, proofRoot: 'ab', proofNumber: 9 };
  expect(localStatus('v', [stored], target('Healthy', proved)).replicas).toEqual([
    {
      name: 'pool-1',
      state: 'Healthy',
      number: 1,
      rebuild: null,
      repairedBlocks: 3,
      mismatches: 2,
      proof: { number: 9, root: 'ab' },
    },
  ]);
});

test('why a replica is not in sync stands with it', () => {
  const full = { ...seen('pool-1', 'PoolFull', 1), message: 'its pool is full: make room' };
  const back = { ...seen('pool-2', 'InSync', 1), message: 'its pool is nearly full' };
  const status = localStatus('v', [pool('pool-1', 1), pool('pool-2', 1)], target('Degraded', full, back));
  expect(status.replicas).toEqual([
    {
      name: 'pool-1',
      state: 'Degraded',
      number: 1,
      rebuild: null,
      message: 'PoolFull: its pool is full: make room',
    },
    { name: 'pool-2', state: 'Healthy', number: 1, rebuild: null },
  ]);
  expect(statusTable(status).split('\n').slice(1)).toEqual([
    'REPLICA  STATE     NUMBER  REBUILD  WHY',
    'pool-1   Degraded  1       -        PoolFull: its pool is full: make room',
    'pool-2   Healthy   1       -',
  ]);
});

test('without a target the volume is offline, and so is every replica', () => {
  expect(localStatus('v', [pool('pool-1', 10), dead('pool-2')], undefined)).toEqual({
    state: 'Offline',
    epoch: 3,
    replicas: [
      { name: 'pool-1', state: 'Offline', number: 10, rebuild: null },
      { name: 'pool-2', state: 'Offline', number: 0, rebuild: null },
    ],
  });
});

test.each([
  ['Init', 'Init'],
  ['Healthy', 'Healthy'],
  ['something new', 'Init'],
])('phase %j is state %s', (phase, state) => {
  expect(localStatus('v', [], target(phase)).state).toBe(state);
});
