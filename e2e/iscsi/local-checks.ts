/** What only a target on replicas can show: reservations that outlive it, and what of a volume takes space. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { login, u32, u64, type Initiator } from '../initiator/initiator.ts';
import { until } from '../until.ts';
import {
  gone,
  healthy,
  inFolder,
  restart,
  startLocal,
  type FirstLine,
  type Served,
} from '../local/local-volume.ts';

const reservationConflict = 0x18;
const exclusiveAccess = 3;

const reserveOut = async (
  session: Initiator,
  action: number,
  key: number,
  actionKey: number,
  type = 0,
  flags = 0,
) => {
  const out = Uint8Array.from([...u64(key), ...u64(actionKey), 0, 0, 0, 0, flags, 0, 0, 0]);
  const { status } = await session.command(
    Uint8Array.of(0x5f, action, type, 0, 0, 0, 0, 0, out.byteLength, 0),
    { out },
  );
  return status;
};
const readStatus = async (session: Initiator) =>
  (await session.command(Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), { in: 512 })).status;
/** Has heard of what it had to hear of. */
async function enter(portal: string, target: string, name: string, isid: string): Promise<Initiator> {
  const session = await login({ portal, target, initiator: `iqn.2016-09.com.openebs.csi:${name}`, isid });
  const ready = Uint8Array.of(0, 0, 0, 0, 0, 0);
  for (let attempt = 0; attempt < 4 && (await session.command(ready)).status === 2; attempt++);
  return session;
}

/** Another process serves the replicas: at the same portal, or at another one after all processes of the first are gone. */
async function succeed(
  folder: string,
  first: Served<FirstLine>,
  how: 'restarted' | 'moved',
): Promise<FirstLine> {
  const dir = join(folder, 'd');
  const { target, pools } = first.line.pids;
  process.kill(target, 'SIGKILL');
  if (how === 'restarted') {
    await restart(dir, 'target');
    await healthy(dir);
    return first.line;
  }
  await first.kill();
  await gone([target, ...Object.values(pools)], 20_000);
  const { line } = await startLocal(folder);
  assert.notEqual(line.portal, first.line.portal);
  await healthy(dir);
  return line;
}

/** `aptpl`: whether the reservation is to survive. */
const survives = (aptpl: boolean, how: 'restarted' | 'moved') =>
  inFolder(async (folder) => {
    const served = await startLocal(folder);
    const [holderId, strangerId] = ['80aa00000001', '80aa00000002'];
    const holder = await enter(served.line.portal, served.line.iqn, 'holder', holderId);
    assert.equal(await reserveOut(holder, 0, 0, 0xa1, 0, aptpl ? 1 : 0), 0);
    assert.equal(await reserveOut(holder, 1, 0xa1, 0, exclusiveAccess), 0);
    const line = await succeed(folder, served, how);
    const stranger = await enter(line.portal, line.iqn, 'stranger', strangerId);
    assert.equal(await readStatus(stranger), aptpl ? reservationConflict : 0);
    const again = await enter(line.portal, line.iqn, 'holder', holderId);
    assert.equal(await readStatus(again), 0);
    assert.equal(await reserveOut(again, 2, 0xa1, 0, exclusiveAccess), aptpl ? 0 : reservationConflict);
    assert.equal(await readStatus(stranger), 0);
    await Promise.all([again.logout(), stranger.logout()]);
  });

const mapped = () =>
  inFolder(async (folder) => {
    const { line } = await startLocal(folder);
    const session = await enter(line.portal, line.iqn, 'node', '80aa00000003');
    await session.write(1 << 20, new Uint8Array(256 << 10).fill(1));
    await session.unmap((1 << 20) + (64 << 10), 64 << 10);
    const cdb = Uint8Array.from([0x9e, 0x12, ...u64(0), ...u32(1024), 0, 0]);
    const { data } = await session.command(cdb, { in: 1024 });
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    const found: number[][] = [];
    for (let at = 8; at < 4 + view.getUint32(0) && found.length < 5; at += 16)
      found.push([view.getUint32(at + 4), view.getUint32(at + 8), view.getUint8(at + 12)]);
    // LBA, sectors, 0 mapped or 1 not
    const expected = [
      [0, 2048, 1],
      [2048, 128, 0],
      [2176, 128, 1],
      [2304, 256, 0],
      [2560, (64 << 11) - 2560, 1],
    ];
    assert.deepEqual(found, expected);
    await session.logout();
  });

/** Log page 0C counts MiB; 20 MiB of data that does not compress take as much of it away. */
const room = () =>
  inFolder(async (folder) => {
    const { line } = await startLocal(folder);
    const session = await enter(line.portal, line.iqn, 'node', '80aa00000004');
    const logSense = () => session.command(Uint8Array.of(0x4d, 0, 0x4c, 0, 0, 0, 0, 0, 255, 0), { in: 255 });
    // Pools tell it soon after they are attached.
    await until('the log page', 10_000, async () => {
      const { status, sense } = await logSense();
      return status === 0 ? {} : `refused: ${JSON.stringify(sense)}`;
    });
    const freeMebibytes = async () => {
      const { data } = await logSense();
      return new DataView(data.buffer, data.byteOffset).getUint32(8);
    };
    const before = await freeMebibytes();
    for (let at = 0; at < 20; at++) await session.write(at << 20, randomBytes(1 << 20));
    await session.flush();
    await until('the room', 20_000, async () => {
      const now = await freeMebibytes();
      return now > 0 && now <= before - 16 ? {} : `${before} MiB before, ${now} MiB now`;
    });
    const sense = Uint8Array.of(0x1a, 0x08, 0x1c, 2, 255, 0);
    const { data } = await session.command(sense, { in: 255 });
    const view = new DataView(data.buffer, data.byteOffset);
    assert.deepEqual([data[4], data[5], data[20], data[21]], [0x5c, 2, 0x80, 1]);
    assert.ok(view.getUint32(24) > 0, 'no threshold');
    await session.logout();
  });

export const localChecks = [
  {
    name: 'replicas: a reservation with APTPL survives a target that is killed',
    run: () => survives(true, 'restarted'),
  },
  {
    name: 'replicas: a reservation with APTPL survives a move: all processes die, others serve at another portal',
    run: () => survives(true, 'moved'),
  },
  {
    name: 'replicas: a reservation without APTPL ends with its target',
    run: () => survives(false, 'restarted'),
  },
  { name: 'replicas: GET LBA STATUS tells what the pools have mapped', run: mapped },
  { name: 'replicas: LOG SENSE tells the room in the pools, and a mode page the threshold', run: room },
] as const;
