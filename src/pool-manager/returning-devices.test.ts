import { expect, test } from '@jest/globals';
import { ManualClock } from '../testing/manual-clock.ts';
import { memoryHost } from '../testing/memory-pool.ts';
import { MemoryDevice } from '../testing/memory-device.ts';
import { must } from '../shared/assert.ts';
import { silentLog } from '../shared/log.ts';
import { DeviceError } from './engine/block-device.ts';
import { createPool } from './engine/pool/pool-create.ts';
import type { EnginePool } from './engine/pool/open-pool.ts';
import { PoolRefusal } from './engine/refusal.ts';
import { poolLimits } from './options.ts';
import { PoolDaemon } from './pool-daemon.ts';
import type { PoolMedia } from './pool-media.ts';
import type { ReplicaServer } from './replica-server.ts';
import { watchDevices } from './returning-devices.ts';

const devicesFor = (name: string) =>
  [0, 1].map((i) => new MemoryDevice({ name: `${name}-${i}`, sizeBytes: 24 * 2 ** 20 }));
const server = {
  onChange: () => () => undefined,
  replicas: () => [],
  stop: () => Promise.resolve(),
} as Partial<ReplicaServer> as ReplicaServer;

async function world() {
  const devices = devicesFor('disk');
  const pool = await createPool({ layout: 'mirror', groups: [devices], host: memoryHost(1) });
  const there = new Map<string, MemoryDevice>();
  const lines: string[] = [];
  const clock = new ManualClock();
  const log = {
    ...silentLog,
    info: (message: string) => void lines.push(message),
    warn: (message: string) => void lines.push(message),
  };
  const media: Partial<PoolMedia> = {
    find: () => Promise.resolve({ found: 'pool', pool }),
    openDevice: (name) => {
      const device = there.get(name);
      return device === undefined
        ? Promise.reject(new PoolRefusal('DeviceInUse', `device ${name} is open`))
        : Promise.resolve(device);
    },
  };
  const daemon = new PoolDaemon({
    media: media as PoolMedia,
    serve: () => Promise.resolve(server),
    clock,
    log: silentLog,
  });
  await daemon.start();
  const stop = watchDevices(daemon, clock, log);
  const look = () => clock.advanceSettled(poolLimits.devicesAgainMs);
  return { devices, pool, there, lines, look, stop, daemon };
}

const states = (pool: EnginePool) => pool.status().devices.map(({ state }) => state);

test('a device that was away and can be opened again is taken in and gets what it missed', async () => {
  const { devices, pool, there, lines, look, stop, daemon } = await world();
  const away = must(devices[0], 'a device');
  away.fault = () => new DeviceError(away.name, 'pulled');
  const store = await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 2 ** 20 });
  store.write(1, 0, new Uint8Array(40_960).fill(7));
  await store.commit();
  await pool.settled();
  expect(states(pool)).toEqual(['failed', 'current']);
  await look();
  expect([states(pool), lines]).toEqual([['failed', 'current'], []]);
  there.set('disk-0', new MemoryDevice({ name: 'disk-0', sizeBytes: away.sizeBytes, image: away.image() }));
  await look();
  await pool.settled();
  expect([states(pool), lines]).toEqual([
    ['current', 'current'],
    ['a device is back, and gets what it missed'],
  ]);
  stop();
  await daemon.stop();
});

test('what stands in the place of a device is refused, told once, and closed', async () => {
  const { devices, pool, there, lines, look, stop, daemon } = await world();
  const away = must(devices[1], 'a device');
  away.fault = () => new DeviceError(away.name, 'pulled');
  await pool.createVolume({ volume: 'pv', replicaId: 'r', sizeBytes: 2 ** 20 });
  const blank = must(devicesFor('blank')[0], 'a device');
  there.set('disk-1', blank);
  await look();
  expect([blank.closed, lines]).toEqual([true, ['a device that is back was refused']]);
  there.set('disk-1', must(devicesFor('blank')[0], 'a device'));
  await look();
  expect([states(pool), lines.length]).toEqual([['current', 'failed'], 1]);
  stop();
  await daemon.stop();
});
