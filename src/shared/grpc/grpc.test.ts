import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProtoGrpcType } from '../../api/proto/pool.ts';
import type { PoolHandlers } from '../../api/proto/caskade/pool/v1/Pool.ts';
import { silentLog } from '../log.ts';
import { openClient } from './client.ts';
import { serverStream, unary } from './handlers.ts';
import { loadProto } from './load.ts';
import { serveGrpc, type GrpcServer } from './serve.ts';
import { StatusError } from './status-error.ts';

const { service } = loadProto<ProtoGrpcType>('pool.proto').caskade.pool.v1.Pool;
const token = 'the-token';
let folder = '';
let listen = '';
let server: GrpcServer | undefined;
const open: { close(): void }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caskade-grpc-'));
  listen = `unix:${join(folder, 'admin.sock')}`;
});
afterEach(async () => {
  for (const client of open.splice(0)) client.close();
  await server?.stop(0);
  server = undefined;
  rmSync(folder, { recursive: true });
});

/** Set when a watch of the server under test has noticed that its client went. */
let watchEnded = Promise.withResolvers<void>();
const handlers: Pick<PoolHandlers, 'GetStatus' | 'CreateReplica' | 'WatchStatus' | 'ReadReplica'> = {
  GetStatus: unary(silentLog, () => Promise.resolve({ name: 'pool-1', totalBytes: 2 ** 45 })),
  CreateReplica: unary(silentLog, async ({ volume }) => {
    await Promise.resolve();
    if (volume === 'full') throw new StatusError('RESOURCE_EXHAUSTED', 'the pool has no room');
    throw new Error('bug');
  }),
  WatchStatus: serverStream(silentLog, async (_request, out) => {
    for (let i = 0; !out.signal.aborted; i++) {
      await out.write({ name: String(i) });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    watchEnded.resolve();
  }),
  ReadReplica: serverStream(silentLog, async ({ volume }, out) => {
    for (let i = 0; i < 20; i++) await out.write({ offset: i << 20, data: Buffer.alloc(1 << 20, i) });
    if (volume === 'bad') throw new StatusError('DATA_LOSS', 'block 7 is unreadable');
  }),
};
async function start(options: { token?: string } = { token }) {
  server = await serveGrpc({ listen, ...options, add: (s) => s.addService(service, { ...handlers }) });
}
function client(options: { token?: string } = { token }, address = listen) {
  const made = openClient(service, address, options);
  open.push(made);
  return made;
}
const deadlineMs = 5_000;

test('a call with the token is answered, 64-bit numbers included', async () => {
  await start();
  await expect(client().call('GetStatus', {}, { deadlineMs })).resolves.toMatchObject({
    name: 'pool-1',
    totalBytes: 2 ** 45,
  });
});

test.each([
  ['no token', {}],
  ['another token', { token: 'the-tokem' }],
  ['a longer one', { token: 'the-token-and-more' }],
])('%s: unauthenticated, unary and streaming', async (_name, options) => {
  await start();
  const refused = client(options);
  await expect(refused.call('GetStatus', {}, { deadlineMs })).rejects.toMatchObject({
    name: 'StatusError',
    code: 'UNAUTHENTICATED',
  });
  const stream = refused.stream('WatchStatus', {})[Symbol.asyncIterator]();
  await expect(stream.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('without a token in the options nobody needs one', async () => {
  await start({});
  await expect(client({}).call('GetStatus', {}, { deadlineMs })).resolves.toMatchObject({ name: 'pool-1' });
});

test.each([
  ['full', 'RESOURCE_EXHAUSTED', 'the pool has no room'],
  ['x', 'INTERNAL', 'bug'],
])('a handler that rejects (%s) answers %s, and the server goes on', async (volume, code, message) => {
  await start();
  await expect(client().call('CreateReplica', { volume }, { deadlineMs })).rejects.toMatchObject({
    code,
    message,
  });
  await expect(client().call('GetStatus', {}, { deadlineMs })).resolves.toMatchObject({ name: 'pool-1' });
});

test('a method that nobody serves is unimplemented', async () => {
  await start();
  await expect(client().call('DestroyPool', {}, { deadlineMs })).rejects.toMatchObject({
    code: 'UNIMPLEMENTED',
  });
});

test('nobody listens: unavailable', async () => {
  await expect(client().call('GetStatus', {}, { deadlineMs })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('a stream arrives whole and in order through flow control', async () => {
  await start();
  const offsets: number[] = [];
  for await (const chunk of client().stream('ReadReplica', {})) {
    expect(chunk.data[0]).toBe(chunk.offset >> 20);
    offsets.push(chunk.offset >> 20);
  }
  expect(offsets).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test('a stream that fails ends with its status', async () => {
  await start();
  const read = async () => {
    for await (const chunk of client().stream('ReadReplica', { volume: 'bad' })) expect(chunk).toBeDefined();
  };
  await expect(read()).rejects.toMatchObject({ code: 'DATA_LOSS', message: 'block 7 is unreadable' });
});

test.each(['break', 'abort'])('the server notices when the client leaves a stream by %s', async (how) => {
  watchEnded = Promise.withResolvers<void>();
  await start();
  const abort = new AbortController();
  for await (const { name } of client().stream('WatchStatus', {}, { signal: abort.signal })) {
    if (name !== '3') continue;
    if (how === 'break') break;
    abort.abort();
  }
  await expect(watchEnded.promise).resolves.toBeUndefined();
});

test('stop ends what still runs after the grace, and removes the socket', async () => {
  await start();
  const stream = client().stream('WatchStatus', {})[Symbol.asyncIterator]();
  await stream.next();
  await server?.stop(10);
  const drain = async () => {
    while (!(await stream.next()).done);
  };
  await expect(drain()).rejects.toBeInstanceOf(StatusError);
  expect(existsSync(join(folder, 'admin.sock'))).toBe(false);
});

test('a stale socket is replaced, with mode 600; one in use is not', async () => {
  const path = join(folder, 'admin.sock');
  writeFileSync(path, '');
  await start();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await expect(serveGrpc({ listen, add: () => undefined })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('a port in use is named by code; port 0 answers what was bound', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(serveGrpc({ listen: `127.0.0.1:${port}`, add: () => undefined })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
  await new Promise((resolve) => other.close(resolve));
  listen = '127.0.0.1:0';
  await start();
  expect(server?.address).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
  await expect(
    client({ token }, server?.address).call('GetStatus', {}, { deadlineMs }),
  ).resolves.toMatchObject({ name: 'pool-1' });
});
