/** Who gets a session of the server, and in what order, over real sockets. */
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { SessionLost } from '../../e2e/initiator/initiator.ts';
import { enter, filled, refusal, serve, until } from '../testing/iscsi/gated-server.ts';

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

test('a login is sent elsewhere as long as it is said', async () => {
  const moved: { to?: string } = { to: '192.0.2.9:3260' };
  const { server } = await serve({ movedTo: () => moved.to });
  expect(await refusal(enter(server))).toBe('1/1');
  delete moved.to;
  expect(await refusal(enter(server))).toBe('in');
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
