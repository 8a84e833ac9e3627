/** The server over real sockets on the loopback, with the independent initiator. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { openDisk } from '../../e2e/initiator/disk.ts';
import {
  login,
  LoginError,
  SessionLost,
  type Initiator,
  type LoginOptions,
} from '../../e2e/initiator/initiator.ts';
import { startWriter } from '../../e2e/initiator/writer.ts';
import { verify } from '../../e2e/initiator/verifier.ts';
import { prng } from '../shared/prng.ts';
import { silentLog } from '../shared/log.ts';
import { MemoryVolume } from './memory-volume.ts';
import { serveIscsi, type TargetServer, type TargetServerOptions } from './server.ts';
import { VolumeError, type QuickVolume } from './volume.ts';

const iqn = 'iqn.2016-09.com.openebs.cstor:pvc-1';
const sizeBytes = 64 << 20;
const open: { readonly stop: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

/** A volume whose requests wait until they are let go. */
class GatedVolume extends MemoryVolume {
  #gate: Promise<void> | undefined;
  #open: () => void = () => undefined;
  waiting = 0;
  written: number[] = [];
  /** Quick writes fail so. */
  failQuick: VolumeError | undefined;
  override get quick(): QuickVolume {
    return this.#gated(super.quick);
  }
  shut(): void {
    ({ promise: this.#gate, resolve: this.#open } = Promise.withResolvers<void>());
  }
  letGo(): void {
    this.#open();
    this.#gate = undefined;
  }
  override async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    await this.pass();
    return super.read(offsetBytes, lengthBytes);
  }
  override async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    await this.pass();
    this.written.push(data[0] ?? -1);
    return super.write(offsetBytes, data);
  }
  #gated(quick: QuickVolume): QuickVolume {
    return {
      read: (offsetBytes, lengthBytes, answer) =>
        this.#passQuickly(() => quick.read(offsetBytes, lengthBytes, answer)),
      write: (offsetBytes, data, answer) => {
        if (this.failQuick) return answer.quickDone(this.failQuick, undefined);
        const copy = new Uint8Array(data);
        this.#passQuickly(() => {
          this.written.push(copy[0] ?? -1);
          quick.write(offsetBytes, copy, answer);
        });
      },
    };
  }
  #passQuickly(go: () => void): void {
    if (this.#gate === undefined) go();
    else void this.pass().then(go);
  }
  async pass(): Promise<void> {
    const gate = this.#gate;
    if (gate === undefined) return;
    this.waiting++;
    await gate;
    this.waiting--;
  }
}

async function serve(
  more: Partial<TargetServerOptions> = {},
): Promise<{ server: TargetServer; volume: GatedVolume }> {
  const volume = new GatedVolume(sizeBytes);
  const server = await serveIscsi({ volume, iqn, listen: '127.0.0.1:0', log: silentLog, ...more });
  open.push(server);
  return { server, volume };
}
const enter = (server: TargetServer, more: Partial<LoginOptions> = {}) =>
  login({ portal: server.address, target: iqn, ...more });
const refusal = async (attempt: Promise<Initiator>) => {
  try {
    await attempt;
    return 'in';
  } catch (error) {
    return error instanceof LoginError ? `${error.statusClass}/${error.statusDetail}` : String(error);
  }
};
/** Waits for something that is bound to happen; the test's own limit ends it otherwise. */
const until = async (holds: () => boolean) => {
  while (!holds()) await sleep(2);
};
const filled = (bytes: number, value: number) => new Uint8Array(bytes).fill(value);

describe('who may log in', () => {
  test('mayLogin decides, in lower case; who is no longer wanted is cut', async () => {
    const granted = new Set(['iqn.a:one']);
    const { server } = await serve({ mayLogin: (name) => granted.has(name) });
    const one = await enter(server, { initiator: 'iqn.a:One' });
    expect(await refusal(enter(server, { initiator: 'iqn.a:two' }))).toBe('2/2');
    expect(server.sessions().map(({ initiator }) => initiator)).toEqual(['iqn.a:one']);
    granted.clear();
    expect(server.endSessionsOf((name) => !granted.has(name))).toBe(1);
    await one.closed;
    expect(server.sessions()).toEqual([]);
    expect(await refusal(enter(server, { initiator: 'iqn.a:one' }))).toBe('2/2');
  });
  test('sessions are bounded, and told when they change', async () => {
    const { server } = await serve({ limits: { sessionsMax: 2 } });
    let changes = 0;
    const forget = server.onSessions(() => changes++);
    const sessions = [await enter(server), await enter(server)];
    expect(await refusal(enter(server))).toBe('3/2');
    await sessions[0]!.logout();
    await until(() => changes === 3);
    forget();
    expect(await refusal(enter(server))).toBe('in');
  });
  test('a new login of the same session takes the place of the old one', async () => {
    const { server } = await serve();
    const isid = '80aabbccdd01';
    const first = await enter(server, { isid });
    const second = await enter(server, { isid });
    await first.closed;
    await second.write(0, filled(512, 1));
    expect(server.sessions()).toHaveLength(1);
    expect(await refusal(enter(server, { isid, tsih: second.tsih + 1 }))).toBe('2/10');
  });
  test('what the old session still has running is over before the new one runs anything', async () => {
    const { server, volume } = await serve();
    const isid = '80aabbccdd02';
    const first = await enter(server, { isid });
    volume.shut();
    const lost = first.write(0, filled(4096, 1)).catch((error: unknown) => error);
    await until(() => volume.waiting === 1);
    first.cut();
    expect(await lost).toBeInstanceOf(SessionLost);
    const second = await enter(server, { isid });
    const written = second.write(0, filled(4096, 2));
    // Were it begun, its unit attention would have come and gone, and the write with it.
    for (let pings = 0; pings < 4; pings++) await second.nop();
    expect(volume.waiting).toBe(1); // the second write has not begun
    volume.letGo();
    await written;
    expect(volume.written).toEqual([1, 2]);
    expect((await second.read(0, 1024))[0]).toBe(2);
  });
});

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

test('a resize is told once and then read', async () => {
  const { server, volume } = await serve();
  const session = await enter(server);
  await session.read(0, 512);
  volume.grow(2 * sizeBytes);
  expect((await session.command(Uint8Array.of(0, 0, 0, 0, 0, 0))).sense).toMatchObject({
    key: 6,
    code: 0x2a09,
  });
  expect((await session.capacity()).sizeBytes).toBe(2 * sizeBytes);
});

test('a busy port rejects', async () => {
  const { server } = await serve();
  await expect(serve({ listen: server.address })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('stop lets a running write end, answers it, closes, and is bounded', async () => {
  const { server, volume } = await serve();
  const session = await enter(server);
  await session.read(0, 512);
  volume.shut();
  const write = session.write(0, filled(512, 3));
  await until(() => volume.waiting === 1);
  const stopped = server.stop();
  volume.letGo();
  await write;
  await stopped;
  await session.closed;
  expect(await refusal(enter(server))).toMatch(/ECONNREFUSED/);
});

test('a restart of the target under a writer loses nothing', async () => {
  const { server, volume } = await serve();
  const disk = await openDisk({ portal: server.address, target: iqn, retryDelayMs: 10 });
  const writer = startWriter({ disk, seed: 9, blocks: 500, unmapShare: 0.1 });
  await writer.acknowledgedAtLeast(300);
  await server.stop();
  open.push(await serveIscsi({ volume, iqn, listen: server.address, log: silentLog }));
  await writer.acknowledgedAtLeast(900);
  const report = await verify({ disk, record: await writer.stop() });
  await disk.close();
  expect(report.problems).toEqual([]);
}, 20_000);

test('data of any length comes back whole under both digests, padding included', async () => {
  const { server } = await serve();
  const session = await enter(server, { headerDigest: true, dataDigest: true });
  for (const bytes of [1, 2, 3, 4, 5, 511])
    expect(Buffer.from(await session.nop(filled(bytes, 9))).equals(filled(bytes, 9))).toBe(true);
});

describe('Async Messages', () => {
  test('a resize is told to every session; its sense data says what happened', async () => {
    const { server, volume } = await serve();
    const session = await enter(server);
    volume.grow(2 * sizeBytes);
    await until(() => session.asyncMessages.length > 0);
    expect(session.asyncMessages.map(({ event, sense }) => [event, sense?.key, sense?.code])).toEqual([
      [0, 6, 0x2a09],
    ]);
    expect((await session.capacity()).sizeBytes).toBe(2 * sizeBytes);
  });
  test('a target that stops asks for a logout; who obeys loses nothing', async () => {
    const { server, volume } = await serve();
    const session = await enter(server);
    volume.shut();
    const writing = session.write(0, filled(4096, 7));
    await until(() => volume.waiting > 0);
    const stopped = server.stop();
    await until(() => session.asyncMessages.some(({ event }) => event === 1));
    volume.letGo();
    await writing;
    expect(await session.closed).toBe('logged out');
    await stopped;
    expect(volume.written).toEqual([7]);
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

test('a login is sent elsewhere as long as it is said', async () => {
  const moved: { to?: string } = { to: '192.0.2.9:3260' };
  const { server } = await serve({ movedTo: () => moved.to });
  expect(await refusal(enter(server))).toBe('1/1');
  delete moved.to;
  expect(await refusal(enter(server))).toBe('in');
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

test('connections that never log in make room for one that does', async () => {
  const { server } = await serve({ limits: { connectionsMax: 4 } });
  const session = await enter(server);
  const idle = Array.from({ length: 12 }, () =>
    connect(server.port, server.host).on('error', () => undefined),
  );
  await Promise.all(idle.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  const other = await enter(server, { initiator: 'iqn.a:other' });
  await Promise.all([session.flush(), other.flush()]);
  expect(server.sessions().map(({ initiator }) => initiator)).toContain('iqn.a:other');
  for (const socket of idle) socket.destroy();
});
