/** What ends tasks of other sessions: resets, and reservations that are preempted, over real sockets. */
import { describe, expect, test } from '@jest/globals';
import { type Initiator } from '../../e2e/initiator/initiator.ts';
import { enter, filled, serve, until } from '../testing/iscsi/gated-server.ts';
import { VolumeError } from './volume.ts';

describe('resets reach every session', () => {
  test('LUN RESET: tasks of all sessions end without an answer, the reset is answered when none runs any more', async () => {
    const { server, volume } = await serve();
    const [one, two] = [await enter(server), await enter(server)];
    await one.read(0, 512);
    await two.read(0, 512);
    volume.shut();
    let answered = 0;
    const count = () => answered++;
    void one
      .command(Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), { out: filled(512, 1) })
      .then(count, () => undefined);
    void two
      .command(Uint8Array.of(0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0), { out: filled(512, 2) })
      .then(count, () => undefined);
    await until(() => volume.waiting === 2);
    let done = false;
    const reset = one.taskManagement(5).then((response) => {
      done = true;
      return response;
    });
    await one.nop();
    expect(done).toBe(false);
    volume.letGo();
    expect(await reset).toBe(0);
    for (const session of [one, two]) {
      const { sense } = await session.command(Uint8Array.of(0, 0, 0, 0, 0, 0));
      expect(sense).toMatchObject({ key: 6, code: 0x2903 });
    }
    expect(answered).toBe(0);
  });
  test('what tells of lost writes counts only for who is answered', async () => {
    const { server, volume } = await serve();
    let answers = 0;
    volume.flush = async () => {
      await volume.pass();
      if (answers === 0) throw new VolumeError('unflushedWritesLost', 'a loss', () => answers++);
    };
    const one = await enter(server);
    await one.read(0, 512);
    volume.shut();
    const flush = Uint8Array.of(0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    void one.command(flush).catch(() => undefined);
    await until(() => volume.waiting === 1);
    const reset = one.taskManagement(5);
    await one.nop();
    volume.letGo();
    expect(await reset).toBe(0);
    expect(answers).toBe(0);
    await one.command(Uint8Array.of(0, 0, 0, 0, 0, 0)); // the unit attention
    expect((await one.command(flush)).sense).toMatchObject({ key: 3, code: 0x0c00 });
    expect(answers).toBe(1);
    expect((await one.command(flush)).status).toBe(0);
  });
  test('a plain FUA write that tells of lost writes counts when it is answered', async () => {
    const { server, volume } = await serve();
    const one = await enter(server);
    await one.read(0, 512);
    let answers = 0;
    const lost = new VolumeError('unflushedWritesLost', 'a loss', () => answers++);
    volume.failQuick = lost;
    const write = Uint8Array.of(0x2a, 8, 0, 0, 0, 0, 0, 0, 8, 0);
    const sent = { out: filled(4096, 1) };
    expect((await one.command(write, sent)).sense).toMatchObject({ key: 3, code: 0x0c00 });
    expect(answers).toBe(1);
    volume.failQuick = undefined;
    expect((await one.command(write, sent)).status).toBe(0);
  });
  test('a cold reset ends all sessions', async () => {
    const { server } = await serve();
    const [one, two] = [await enter(server), await enter(server)];
    expect(await one.taskManagement(7)).toBe(0);
    await Promise.all([one.closed, two.closed]);
    await until(() => server.sessions().length === 0);
  });
  test('a session that is lost gives its reservation back', async () => {
    const { server } = await serve();
    const [one, two] = [await enter(server), await enter(server)];
    await one.read(0, 512);
    await two.read(0, 512);
    expect((await one.command(Uint8Array.of(0x16, 0, 0, 0, 0, 0))).status).toBe(0);
    expect((await two.command(Uint8Array.of(0, 0, 0, 0, 0, 0))).status).toBe(0x18);
    one.cut();
    await until(() => server.sessions().length === 1);
    expect((await two.command(Uint8Array.of(0, 0, 0, 0, 0, 0))).status).toBe(0);
  });
});

describe('persistent reservations over sessions', () => {
  const reserveOut = (session: Initiator, action: number, key: number, actionKey: number, type = 0) => {
    const out = Buffer.alloc(24);
    out.writeUInt32BE(key, 4);
    out.writeUInt32BE(actionKey, 12);
    return session.command(Uint8Array.of(0x5f, action, type, 0, 0, 0, 0, 0, 24, 0), { out });
  };
  test('PREEMPT AND ABORT waits for what the preempted initiator has under way, which is never answered', async () => {
    const { server, volume } = await serve();
    const [a, b] = await Promise.all([
      enter(server, { initiator: 'iqn.a:a' }),
      enter(server, { initiator: 'iqn.a:b' }),
    ]);
    await Promise.all([a.flush(), b.flush()]);
    await reserveOut(a, 0, 0, 1);
    await reserveOut(b, 0, 0, 2);
    await reserveOut(b, 1, 2, 0, 3);
    volume.shut();
    const answered: string[] = [];
    void b.write(0, filled(4096, 9)).then(
      () => answered.push('write'),
      () => undefined,
    );
    // An ordered command waits for everything before it, and would wait for the PREEMPT if that stood in line.
    void b.command(Uint8Array.of(0, 0, 0, 0, 0, 0), { attribute: 2 }).then(
      () => answered.push('ordered'),
      () => undefined,
    );
    await until(() => volume.waiting > 0);
    const preempted = reserveOut(a, 5, 1, 2, 3).then(({ status }) => answered.push(`preempt ${status}`));
    await a.nop();
    expect(answered).toEqual([]);
    volume.letGo();
    await preempted;
    expect([answered, volume.written]).toEqual([['preempt 0'], [9]]);
    expect((await b.command(Uint8Array.of(0, 0, 0, 0, 0, 0))).sense?.code).toBe(0x2a05);
    expect((await b.command(Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), { in: 512 })).status).toBe(0x18);
  });
  test('CLEAR TASK SET tells those whose commands it ended', async () => {
    const { server, volume } = await serve();
    const [a, b] = await Promise.all([
      enter(server, { initiator: 'iqn.a:a' }),
      enter(server, { initiator: 'iqn.a:b' }),
    ]);
    await Promise.all([a.flush(), b.flush()]);
    volume.shut();
    void b.write(0, filled(4096, 9)).catch(() => undefined);
    await until(() => volume.waiting > 0);
    const cleared = a.taskManagement(4);
    await a.nop(); // it has arrived
    volume.letGo();
    expect(await cleared).toBe(0);
    expect((await b.command(Uint8Array.of(0, 0, 0, 0, 0, 0))).sense?.code).toBe(0x2f00);
  });
});

test('commands that wait are dropped by a reset, all of them, and none is started by the dropping of another', async () => {
  const { server, volume } = await serve({ limits: { runningBytesMax: 4096 } });
  const session = await enter(server);
  await session.flush();
  volume.shut();
  const ready = Uint8Array.of(0, 0, 0, 0, 0, 0);
  const write = Uint8Array.of(0x2a, 0, 0, 0, 0, 0, 0, 0, 8, 0);
  // The second write has to wait; the others would have room, and wait behind it.
  for (const io of [{ out: filled(4096, 1) }, { out: filled(4096, 2) }, undefined, undefined, undefined])
    void session.command(io === undefined ? ready : write, io).catch(() => undefined);
  await until(() => volume.waiting > 0);
  const reset = session.taskManagement(5);
  await session.nop();
  volume.letGo();
  expect(await reset).toBe(0);
  expect(volume.written).toEqual([1]);
  expect((await session.command(ready)).sense?.code).toBe(0x2903);
  await session.write(0, filled(4096, 3));
  expect(volume.written).toEqual([1, 3]);
});
