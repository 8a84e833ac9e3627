/** What the server answers while the target may not, and over all bounds, over real sockets. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { SessionLost } from '../../e2e/initiator/initiator.ts';
import { prng } from '../shared/prng.ts';
import { enter, filled, serve, until } from '../testing/iscsi/gated-server.ts';
import { VolumeError } from './volume.ts';

describe('answers and the lease', () => {
  test('while the target may not answer nothing goes out; afterwards everything does', async () => {
    let may = true;
    const { server, volume } = await serve({ mayAnswer: () => may });
    const session = await enter(server);
    await session.read(0, 512);
    may = false;
    let answered = false;
    const write = session.write(0, filled(512, 5)).then(() => (answered = true));
    await until(() => volume.written.length === 1);
    await sleep(50);
    expect(answered).toBe(false);
    may = true;
    await write;
    expect(answered).toBe(true);
  });
  test('meanwhile busy is heard, task management and pings are answered, initiators come in, and what the target is they hear', async () => {
    let may = true;
    const { server, volume } = await serve({ mayAnswer: () => may });
    const session = await enter(server);
    const testUnitReady = () => session.command(new Uint8Array(6));
    await testUnitReady();
    await testUnitReady();
    may = false;
    volume.failQuick = new VolumeError('busy', 'no quorum');
    const write10 = Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect(await session.command(write10, { out: filled(512, 1) })).toMatchObject({ status: 0x08 });
    expect(await session.taskManagement(5)).toBe(0);
    await session.nop();
    const inquiry = Uint8Array.of(0x12, 0, 0, 0, 36, 0);
    expect((await session.command(inquiry, { in: 36 })).data).toHaveLength(36);
    const other = await enter(server, { initiator: 'iqn.a:other' });
    await other.nop();
    // But not what is in it.
    let answered = false;
    const read = session
      .command(Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), { in: 512 })
      .then(() => (answered = true));
    await sleep(50);
    expect(answered).toBe(false);
    may = true;
    await read;
  });
  test('an initiator that asks what became of a command is not left to wait for a quorum', async () => {
    let hurry = (): void => undefined;
    const { server, volume } = await serve({ hurry: () => hurry() });
    const session = await enter(server);
    await session.read(0, 512);
    volume.shut();
    hurry = () => volume.letGo();
    const tag = session.nextTag;
    const aborted = session
      .command(Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), { out: filled(512, 1) })
      .catch((error: unknown) => error);
    await until(() => volume.waiting === 1);
    expect(await session.taskManagement(1, { tag })).toBe(0);
    session.cut();
    expect(await aborted).toBeInstanceOf(SessionLost);
  });
  test('held back for too long, the connection is dropped and nothing was said', async () => {
    let may = true;
    const { server } = await serve({ mayAnswer: () => may, limits: { heldMsMax: 50 } });
    const session = await enter(server);
    may = false;
    const outcome = session.write(0, filled(512, 5)).catch((error: unknown) => error);
    expect(await outcome).toBeInstanceOf(SessionLost);
  });
});

describe('bounds', () => {
  test('many large reads at once are all answered though only a few may run', async () => {
    const { server } = await serve({ limits: { runningBytesMax: 1 << 20, unsentBytesMax: 1 << 20 } });
    const session = await enter(server);
    await session.write(0, prng(1).bytes(1 << 20));
    const reads = await Promise.all(Array.from({ length: 40 }, () => session.read(0, 1 << 20)));
    expect(new Set(reads.map((data) => data.byteLength))).toEqual(new Set([1 << 20]));
  }, 20_000);
  test('an initiator that asks and never reads does not make the target gather answers without end', async () => {
    const { server, volume } = await serve({ limits: { unsentBytesMax: 1 << 20, runningBytesMax: 4 << 20 } });
    const session = await enter(server);
    await session.write(0, filled(1 << 20, 1));
    let reads = 0;
    const read = volume.read.bind(volume);
    volume.read = (offset, length) => {
      reads++;
      return read(offset, length);
    };
    session.connection.pause();
    for (let i = 0; i < 100; i++) session.read(0, 1 << 20).catch(() => undefined);
    await sleep(300);
    const before = reads;
    await sleep(200);
    expect(reads).toBe(before);
    expect(reads).toBeLessThan(30);
    session.cut();
  });
  test.each([1, 2, 3, 4])('noise ends its own connection and nothing else (seed %i)', async (seed) => {
    const { server } = await serve();
    const session = await enter(server);
    const random = prng(seed);
    const { address } = server;
    const socket = connect(Number(address.slice(address.lastIndexOf(':') + 1)), '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(random.bytes(100_000));
    socket.end();
    await closed;
    await session.write(0, filled(512, seed));
    expect(server.sessions()).toHaveLength(1);
  });
  test('noise inside a session: whole PDUs with random headers', async () => {
    const { server } = await serve();
    const random = prng(5);
    for (let round = 0; round < 40; round++) {
      const session = await enter(server);
      for (let i = 0; i < 20; i++) {
        const header = Buffer.from(random.bytes(48));
        header.fill(0, 4, 8); // no lengths: the framing holds, the content is nonsense
        session.connection.sendBytes(header);
      }
      session.cut();
      await session.closed;
    }
    const session = await enter(server);
    expect((await session.nop(Uint8Array.of(1, 2, 3)))[2]).toBe(3);
  });
});
