/** What a pool's listener refuses, over sockets, and that it counts it: garbage, wrong keys, other volumes, what was said before. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { Caller, type Subject } from '../replication/handshake.ts';
import { encodeTargetMessage } from '../replication/target-message-codec.ts';
import { encodeFrame, type Frame } from '../replication/wire.ts';
import { FrameDecoder } from '../replication/frame-decoder.ts';
import { linkKey } from '../shared/keys.ts';
import { ReplicaRig } from '../testing/replica-rig.ts';

const port = 21_160;
let rig: ReplicaRig | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await rig?.end();
  rig = undefined;
});

async function start(): Promise<ReplicaRig> {
  rig = await ReplicaRig.start({ replicas: 1, sizeBytes: 2 ** 22, port });
  return rig;
}

/** A connection to the replication address, and all that comes back on it until it is closed. */
function dial(): { readonly socket: Socket; readonly frames: Frame[]; readonly closed: Promise<void> } {
  const socket = connect({ host: '127.0.0.1', port });
  sockets.push(socket);
  const decoder = new FrameDecoder({ payloadBytesMax: 2 ** 21 });
  const frames: Frame[] = [];
  socket.on('data', (chunk: Buffer) => frames.push(...decoder.push(chunk)));
  socket.on('error', () => undefined);
  return { socket, frames, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
}

const bytesOf = (frame: Frame): Buffer => Buffer.concat(encodeFrame(frame));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (!holds()) throw new Error(`never: ${what}`);
}

/** The handshake, step by step; answers what the caller sent. */
async function shakeHands(key: Uint8Array, subject: Subject): Promise<readonly Buffer[]> {
  const { socket, frames, closed } = dial();
  const caller = new Caller({ key, subject, challenge: randomBytes(32) });
  const said = [bytesOf(caller.begin())];
  socket.write(said[0] ?? '');
  await until('an answer', () => frames.length > 0);
  const [answer] = frames;
  const proof = answer && caller.step(answer).send;
  said.push(proof ? bytesOf(proof) : Buffer.alloc(0));
  socket.write(said[1] ?? '');
  await Promise.race([closed, until('a welcome', () => frames.length > 1)]);
  return said;
}

test('garbage is refused and counted', async () => {
  const pools = await start();
  const { socket, closed } = dial();
  socket.write(randomBytes(4_096));
  await closed;
  expect(pools.refusals(0)).toMatchObject({ garbage: 1, proof: 0, stranger: 0 });
});

test('another volume, though with a key that is right for it, is refused and counted', async () => {
  const pools = await start();
  const subject = { role: 'target', volume: 'pvc-2', replicaId: pools.id(0) } as const;
  await shakeHands(linkKey(pools.key(0), 'pvc-2', pools.id(0)), subject);
  expect(pools.refusals(0)).toMatchObject({ stranger: 1, garbage: 0, proof: 0 });
});

test('a conversation that is played back is refused and counted', async () => {
  const pools = await start();
  const subject = { role: 'target', volume: 'pvc-1', replicaId: pools.id(0) } as const;
  const said = await shakeHands(linkKey(pools.key(0), 'pvc-1', pools.id(0)), subject);
  expect(pools.refusals(0)).toMatchObject({ proof: 0, stranger: 0 });
  const { socket, frames, closed } = dial();
  socket.write(said[0] ?? '');
  await until('an answer', () => frames.length > 0);
  socket.write(said[1] ?? '');
  await closed;
  expect(pools.refusals(0)).toMatchObject({ proof: 1 });
});

test('a message under an epoch that is not in force is refused and counted', async () => {
  const pools = await start();
  const subject = { role: 'target', volume: 'pvc-1', replicaId: pools.id(0) } as const;
  await shakeHands(linkKey(pools.key(0), 'pvc-1', pools.id(0)), subject);
  const link = sockets.at(-1);
  link?.write(bytesOf(encodeTargetMessage({ type: 'renew', sentAtMs: 1, epoch: 9, nonce: 9 })));
  await until('it is counted', () => pools.refusals(0)['fence'] === 1);
  expect(pools.refusals(0)).toMatchObject({ garbage: 0, stranger: 0 });
});
