import { expect, test } from '@jest/globals';
import { Dialogue, type ByteSink } from './dialogue.ts';
import { Caller, Listener } from './handshake.ts';
import { defaultTiming } from './timing.ts';
import { emptyFrame, encodeFrame, headerBytes, type Frame } from './wire.ts';

const key = new Uint8Array(32).fill(1);
const subject = { role: 'target', volume: 'v', replicaId: 'a' } as const;

class Pipe implements ByteSink {
  readonly written: Buffer[] = [];
  closed: 'ended' | 'destroyed' | undefined;
  write(parts: readonly Uint8Array[]): void {
    this.written.push(Buffer.concat(parts));
  }
  pass(bytes: Uint8Array, from: number, to: number): void {
    this.write([bytes.subarray(from, to)]);
  }
  end(): void {
    this.closed = 'ended';
  }
  destroy(): void {
    this.closed = 'destroyed';
  }
  take(): Buffer {
    return Buffer.concat(this.written.splice(0));
  }
}

function side<T>(handshake: { begin?(): Frame; step(frame: Frame): { send?: Frame; done?: T } }) {
  const pipe = new Pipe();
  const seen: { open: boolean; frames: number[]; closed: string[] } = { open: false, frames: [], closed: [] };
  const dialogue = new Dialogue<T>({
    sink: pipe,
    handshake,
    timing: defaultTiming,
    nowMs: 0,
    onOpen: () => (seen.open = true),
    onFrame: ({ type }) => seen.frames.push(type),
    onClosed: (reason) => seen.closed.push(reason),
  });
  return { pipe, seen, dialogue };
}

const challenge = new Uint8Array(32).fill(9);
const calling = (k = key) => side(new Caller({ key: k, subject, challenge }));
const listening = () =>
  side(
    new Listener({
      keyFor: () => key,
      admit: () => ({ ok: true, welcome: { guid: 'g', promisedEpoch: 0 } }),
      challenge,
    }),
  );

/** Carries bytes to and fro until both are silent. */
function settle(a: ReturnType<typeof calling>, b: ReturnType<typeof listening>, nowMs = 0): void {
  for (let i = 0; i < 10; i++) {
    b.dialogue.receive(a.pipe.take(), nowMs);
    a.dialogue.receive(b.pipe.take(), nowMs);
  }
}

function opened() {
  const [a, b] = [calling(), listening()];
  settle(a, b);
  return { a, b };
}

test('after the handshake frames pass both ways', () => {
  const { a, b } = opened();
  a.dialogue.send(emptyFrame(0x17));
  b.dialogue.send(emptyFrame(0x4e));
  settle(a, b);
  expect([a.seen, b.seen]).toEqual([
    { open: true, frames: [0x4e], closed: [] },
    { open: true, frames: [0x17], closed: [] },
  ]);
});

test('nothing is sent before the handshake is done', () => {
  const b = listening();
  b.dialogue.send(emptyFrame(0x4e));
  expect(b.pipe.written).toEqual([]);
});

test('without the key the caller leaves, and the listener has let nothing through', () => {
  const [a, b] = [calling(new Uint8Array(32)), listening()];
  settle(a, b);
  expect([a.seen.closed, a.pipe.closed, b.seen.open]).toEqual([
    ['the other side does not hold the key of this link'],
    'ended',
    false,
  ]);
});

test('a peer that says nothing for 8 s is dropped; pings keep an idle one', () => {
  const { a, b } = opened();
  for (let nowMs = 500; nowMs <= 20_000; nowMs += 500) {
    a.dialogue.tick(nowMs);
    b.dialogue.tick(nowMs);
    settle(a, b, nowMs);
  }
  expect([a.seen.closed, b.seen.closed]).toEqual([[], []]);
  a.dialogue.tick(28_001);
  b.dialogue.tick(28_001);
  expect([a.pipe.closed, b.pipe.closed]).toEqual(['destroyed', 'destroyed']);
  expect(a.seen.closed).toEqual(['silent for 8000 ms']);
});

test('nobody pings while both have something to say, and somebody does when one of them falls silent', () => {
  const { a, b } = opened();
  const pingsIn = (turns: readonly ('both' | 'a')[]) => {
    let bytes = 0;
    for (const turn of turns) {
      at += 1_000;
      a.dialogue.send(emptyFrame(0x17));
      if (turn === 'both') b.dialogue.send(emptyFrame(0x4e));
      settle(a, b, at - 500);
      a.dialogue.tick(at);
      bytes += a.pipe.written.reduce((sum, { byteLength }) => sum + byteLength, 0);
      settle(a, b, at - 500);
    }
    return bytes / headerBytes;
  };
  let at = 0;
  expect(pingsIn(['both', 'both', 'both'])).toBe(0);
  expect(pingsIn(['a', 'both'])).toBe(1);
});

test('a stranger that does not finish the handshake is dropped', () => {
  const b = listening();
  b.dialogue.tick(5_001);
  expect([b.pipe.closed, b.seen.closed]).toEqual(['destroyed', ['the handshake took too long']]);
});

test('before the handshake is done nothing long is buffered for', () => {
  const b = listening();
  b.dialogue.receive(Buffer.concat(encodeFrame({ ...emptyFrame(1), payload: new Uint8Array(5_000) })), 0);
  expect(b.seen.closed).toEqual(['a payload of 5000 bytes is too long']);
});
