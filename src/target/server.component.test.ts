/** The server over real sockets on the loopback, with the independent initiator: resizes, stops, restarts, digests. */
import { describe, expect, test } from '@jest/globals';
import { openDisk } from '../../e2e/initiator/disk.ts';
import { verify } from '../../e2e/initiator/verifier.ts';
import { startWriter } from '../../e2e/initiator/writer.ts';
import { silentLog } from '../shared/log.ts';
import {
  enter,
  filled,
  iqn,
  refusal,
  serve,
  stopAfter,
  sizeBytes,
  until,
} from '../testing/iscsi/gated-server.ts';
import { serveIscsi } from './server.ts';

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
  stopAfter(await serveIscsi({ volume, iqn, listen: server.address, log: silentLog }));
  await writer.acknowledgedAtLeast(900);
  const report = await verify({ disk, record: await writer.stop() });
  await disk.close();
  expect(report.problems).toEqual([]);
});

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
