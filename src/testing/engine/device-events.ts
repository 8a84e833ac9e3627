/** What happens to the devices of a pool at work, for recording: they fail, come back, are replaced, and grow. */
import { blockBytes } from '../../shared/block-size.ts';
import { DeviceError } from '../../pool-manager/engine/block-device.ts';
import { examineDevices } from '../../pool-manager/engine/group/examine.ts';
import { labelBytes, labelOffsets } from '../../pool-manager/engine/group/geometry.ts';
import type { MemoryDevice } from '../memory-device.ts';
import type { PoolRecording } from './pool-recording.ts';

export async function twoEvents(recording: PoolRecording): Promise<void> {
  await anyEvent(recording);
  await anyEvent(recording);
}

/** Whatever can happen to this pool; a device that was away when it was imported comes back. */
async function anyEvent(recording: PoolRecording): Promise<void> {
  const { devices, layout } = recording.pool.status();
  if (devices.some(({ state }) => state === 'absent')) return await returnAll(recording);
  const isWhole = devices.every(({ state }) => state === 'current');
  const always = [addGroup, changeLogs, ...(isWhole ? [growAll] : [])]; // what is late can not be grown yet
  const redundant = [loseOne, loseOne, replaceOne, replaceOne, replaceOne];
  await recording.random.pick(layout === 'stripe' ? always : [...always, ...redundant])(recording);
}

async function returnAll(recording: PoolRecording): Promise<void> {
  const { pool, devices } = recording;
  for (const { name } of pool.status().devices.filter(({ state }) => state === 'absent')) {
    const index = devices.findIndex((device) => device.name === name);
    recording.done.push(`attach ${name}`);
    recording.mayBe([[...new Set([...recording.members, index])]]);
    const device = recording.device(index);
    const [finding] = await examineDevices([device]);
    if (finding?.kind === 'pool') await pool.attachDevice(device); // else the crash came before its label
  }
}

/** A device that the pool can do without: one that it is copying to, else any. */
function spare(recording: PoolRecording): number {
  const { devices, dataGroups, logGroups } = recording.pool.status();
  const groups = [...dataGroups, ...logGroups].filter(({ length }) => length > 1).flat();
  const used = devices.filter(({ name }) => groups.includes(name));
  const late = used.filter(({ state }) => state === 'syncing');
  const { name } = recording.random.pick(late.length > 0 ? late : used);
  return recording.devices.findIndex((device) => device.name === name);
}

/** A new device takes the place of one that serves, or of one that has failed. */
export async function replaceOne(recording: PoolRecording): Promise<void> {
  const { members, random } = recording;
  const old = spare(recording);
  const device = recording.device(old);
  if (random.chance(0.5)) fail(device);
  const added = recording.addDevice();
  const after = members.map((member) => (member === old ? added : member));
  const isLeft = random.chance(0.5); // the old one stays plugged in: what the new one lacks is read there
  recording.mayBe(isLeft ? [[...after, old]] : [after, members]);
  recording.done.push(`replace ${device.name}`);
  await recording.pool.replaceDevice({ old: device.name, device: recording.device(added), overwrite: [] });
  recording.mayBe([isLeft ? [...after, old] : after]);
}

/** Log devices come, leave, and come again; those that left stay plugged in. */
export async function changeLogs(recording: PoolRecording): Promise<void> {
  const { pool, random } = recording;
  for (let i = 0; i < 3; i++) {
    const { logGroups } = pool.status();
    const name = recording.random.pick(recording.names());
    recording.change(name);
    if (random.chance(0.5)) await recording.commit(name);
    if (logGroups.length > 0 && random.chance(0.6)) {
      const leaving = random.pick(logGroups);
      recording.done.push(`remove log devices ${leaving.join()}`);
      await pool.removeLogDevices(leaving);
    } else {
      const added = Array.from({ length: 1 + random.below(2) }, () => recording.addDevice());
      recording.mayBe([[...recording.members, ...added]]);
      recording.done.push(`add ${added.length} log devices`);
      await pool.addGroups({ data: [], log: [added.map((index) => recording.device(index))], overwrite: [] });
    }
  }
}

/** A device fails for a while, and comes back. */
export async function loseOne(recording: PoolRecording): Promise<void> {
  const device = recording.device(spare(recording));
  const before = device.fault;
  fail(device);
  for (let i = 0; i < 15; i++) {
    const name = recording.random.pick(recording.names());
    recording.change(name);
    if (i % 4 === 0) await recording.commit(name);
  }
  device.fault = before;
  const status = recording.pool.status().devices.find(({ name }) => name === device.name);
  if (status?.state !== 'failed') return; // nothing was written to it meanwhile
  recording.done.push(`attach ${device.name}`);
  await recording.pool.attachDevice(device);
}

function fail(device: MemoryDevice): void {
  device.fault = () => new DeviceError(device.name, 'gone');
}

export async function addGroup(recording: PoolRecording): Promise<void> {
  const { members } = recording;
  const [group = []] = recording.pool.status().dataGroups;
  const added = group.map(() => recording.addDevice());
  const after = [...members, ...added];
  recording.mayBe([after, members]);
  recording.done.push('add a group');
  const data = [added.map((index) => recording.device(index))];
  await recording.pool.addGroups({ data, log: [], overwrite: [] });
  recording.mayBe([after]);
}

export async function growAll(recording: PoolRecording): Promise<void> {
  for (const device of recording.devices) device.sizeBytes += 4 * 2 ** 20;
  recording.done.push('grow');
  await recording.pool.growDevices();
}

/** Bits turn over on one device, but not in both of its labels: it would be as good as away; a scrub mends them. */
export async function rotAndScrub(recording: PoolRecording): Promise<void> {
  const { random } = recording;
  const device = recording.device(random.pick(recording.members));
  const spared = random.pick(labelOffsets(device.sizeBytes)) / blockBytes;
  const units = [...device.image().keys()].filter(
    (unit) => unit < spared || unit >= spared + labelBytes / blockBytes,
  );
  for (let i = 0; i < 30; i++)
    device.flipBit(random.pick(units) * 4096 + random.below(4096), random.below(8));
  recording.done.push(`rot on ${device.name}, scrub`);
  await recording.pool.scrub('start');
}
