import { describe, expect, test } from '@jest/globals';
import { Caller, HandshakeError, Listener, type Admission, type Speaks, type Subject } from './handshake.ts';
import { WireError, type Frame } from './wire.ts';

const key = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);
const subject: Subject = { role: 'target', volume: 'pvc-1', replicaId: 'a' };
const welcome = { guid: '0123', promisedEpoch: 4 };

const caller = (options: { key?: Uint8Array; subject?: Subject; speaks?: Speaks } = {}) =>
  new Caller({ key, subject, challenge: new Uint8Array(32).fill(7), ...options });
const listener = (options: { key?: Uint8Array; admission?: Admission; speaks?: Speaks } = {}) =>
  new Listener({
    ...(options.speaks ? { speaks: options.speaks } : {}),
    keyFor: () => options.key ?? key,
    admit: () => options.admission ?? { ok: true, welcome },
    challenge: new Uint8Array(32).fill(8),
  });

/** Passes frames to and fro; `change` may tamper with the n-th. */
function talk(a: Caller, b: Listener, change: (frame: Frame, n: number) => Frame = (frame) => frame) {
  const answer = b.step(change(a.begin(), 0));
  const proof = answer.send && a.step(change(answer.send, 1));
  const last = proof?.send && b.step(change(proof.send, 2));
  const done = last?.send && a.step(change(last.send, 3));
  return { caller: done?.done, listener: last?.done };
}

const edit = (n: number, from: string, to: string) => (frame: Frame, i: number) =>
  i === n
    ? { ...frame, payload: Buffer.from(Buffer.from(frame.payload).toString().replace(from, to)) }
    : frame;

test('two that hold the key agree', () => {
  const agreement = {
    version: 1,
    features: ['digest', 'snapshot-digest', 'pace', 'census', 'room', 'gather'],
  };
  expect(talk(caller(), listener())).toEqual({
    caller: { ...agreement, welcome },
    listener: { ...agreement, subject },
  });
});

test('a caller notices a listener without the key before it shows anything', () => {
  expect(() => talk(caller(), listener({ key: other }))).toThrow('the other side does not hold the key');
});

test('a listener notices a caller without the key', () => {
  // The caller would stop first: it is made to go on.
  const honest = listener();
  const answer = honest.step(caller({ key: other }).begin());
  const forged = { ...(answer.send as Frame), type: 0x03, payload: Buffer.alloc(64, '0') };
  expect(() => honest.step(forged)).toThrow('a wrong proof');
});

test.each([
  ['the volume', 0, 'pvc-1', 'pvc-2'],
  ['the replica', 0, '"a"', '"b"'],
  ["the caller's challenge", 0, '0707', '0708'],
  ["the listener's challenge", 1, '0808', '0809'],
  ['the versions offered', 0, '[1]', '[1,9]'],
  [
    'the features agreed',
    1,
    '"features":["digest","snapshot-digest","pace","census","room","gather"]',
    '"features":["x"]',
  ],
])('%s exchanged on the way is noticed', (_what, n, from, to) => {
  expect(() => talk(caller(), listener(), edit(n, from, to))).toThrow(HandshakeError);
});

test('a proof can not be sent back to who made it', () => {
  const answer = listener().step(caller().begin());
  const shown =
    Buffer.from((answer.send as Frame).payload)
      .toString()
      .split('\n')[1] ?? '';
  const again = listener();
  again.step(caller().begin());
  expect(() => again.step({ ...(answer.send as Frame), type: 0x03, payload: Buffer.from(shown) })).toThrow(
    'a wrong proof',
  );
});

test('nothing else is heard before the handshake is done', () => {
  const frame = { ...caller().begin(), type: 0x14 };
  expect(() => listener().step(frame)).toThrow(WireError);
});

test('an unknown version is refused by name', () => {
  expect(() => listener().step(edit(0, '[1]', '[8,9]')(caller().begin(), 0))).toThrow(
    'protocol versions 8, 9 are not known here, 1 are',
  );
});

test('who holds the key may still not be admitted, and hears why', () => {
  const message = 'this pool is stopping';
  expect(() => talk(caller(), listener({ admission: { ok: false, message } }))).toThrow(message);
});

describe('version N and N + 1', () => {
  const next: Speaks = { versions: [1, 2], features: ['digest', 'pace', 'longer-frames'] };
  const later: Speaks = { versions: [2, 3], features: [] };

  test.each([
    ['a caller that knows more', next, undefined],
    ['a listener that knows more', undefined, next],
  ])('%s speaks as the other one does', (_what, callers, listeners) => {
    const talked = talk(
      caller(callers ? { speaks: callers } : {}),
      listener(listeners ? { speaks: listeners } : {}),
    );
    expect(talked.caller).toMatchObject({ version: 1, features: ['digest', 'pace'] });
    expect(talked.listener).toMatchObject({ version: 1, features: ['digest', 'pace'] });
  });

  test('two that know more speak the newest, with what both name', () => {
    const both = talk(
      caller({ speaks: { versions: [1, 2], features: ['a', 'b'] } }),
      listener({ speaks: { versions: [1, 2, 3], features: ['b', 'c'] } }),
    );
    expect(both.caller).toMatchObject({ version: 2, features: ['b'] });
    expect(both.listener).toMatchObject({ version: 2, features: ['b'] });
  });

  test('what a later version adds to a hello is no obstacle', () => {
    const more = (frame: Frame, n: number) =>
      n === 0 ? edit(0, '{"versions"', '{"compression":["zstd"],"versions"')(frame, 0) : frame;
    // Both sides prove what was said word for word, so a listener alone shows that it reads on.
    expect(listener().step(more(caller().begin(), 0)).send).toBeDefined();
  });

  test('nothing in common is refused as that', () => {
    expect(problemOf(() => talk(caller({ speaks: later }), listener()))).toBe('version');
  });

  test('a listener can not use what was not offered', () => {
    const eager = listener({ speaks: next });
    const wise = caller({ speaks: { versions: [1, 2], features: [] } });
    expect(talk(wise, eager).caller).toMatchObject({ version: 2, features: [] });
  });
});

/** Of the HandshakeError that it throws. */
function problemOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof HandshakeError) return error.problem;
    throw error;
  }
  return undefined;
}

test('what is refused is told apart, for counting', () => {
  const message = 'no replica b of pvc-1 here';
  expect(problemOf(() => talk(caller(), listener({ admission: { ok: false, message } })))).toBe('stranger');
  expect(problemOf(() => talk(caller(), listener(), edit(0, 'pvc-1', 'pvc-2')))).toBe('proof');
  expect(problemOf(() => talk(caller(), listener({ key: other })))).toBe('proof');
});

test('a conversation that is played back is refused: the challenge is another one', () => {
  const said: Frame[] = [];
  talk(caller(), listener(), (frame) => {
    said.push(frame);
    return frame;
  });
  const [hello, , proof] = said as [Frame, Frame, Frame];
  const again = new Listener({
    keyFor: () => key,
    admit: () => ({ ok: true, welcome }),
    challenge: new Uint8Array(32).fill(9),
  });
  again.step(hello);
  expect(problemOf(() => again.step(proof))).toBe('proof');
});
