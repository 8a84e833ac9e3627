/**
 * How two ends of a connection prove to each other that they hold the same key, before anything else is said.
 *
 *   caller ──hello {versions, features, subject, challenge}──▶ listener
 *   caller ◀──answer {version, features, challenge, proof}──── listener      or refuse {message}
 *   caller ──proof──▶ listener
 *   caller ◀──welcome {…}── listener                                          or refuse {message}
 *
 * The key is a link key (target → replica) or a copy key (replica → replica). Each proof covers both hellos word for
 * word, so neither the volume, the replica, the versions offered nor one of the two challenges can be exchanged on the
 * way; the two roles prove different things, so that no proof can be sent back. Within TLS it covers what only the two ends of
 * that session know, so that nobody can pass it on from one session to another.
 */
import { createHash } from 'node:crypto';
import { equalSecrets, proof } from '../shared/keys.ts';
import { emptyFrame, WireError, type Frame } from './wire.ts';

export const protocolVersions: readonly number[] = [1];
/** A replica answers a target's questions for digests: without it, it takes no part in a scrub. */
export const digestFeature = 'digest';
/** It answers those about snapshots as well. */
export const snapshotDigestFeature = 'snapshot-digest';
/** A rebuilding replica keeps to the rate that the target names; without it, it copies as fast as it can. */
export const paceFeature = 'pace';
/** A source counts what it would send: without it, nobody knows how long a rebuild of a sparse volume takes. */
export const censusFeature = 'census';
/** A source lists what was born in a large part of the volume, and gathers blocks from all over it: batches (copy.ts). */
export const gatherFeature = 'gather';
/** A replica tells of its room after a part, and after all, of what it was sent: a target may count in between. */
export const roomFeature = 'room';
/** Named so that N and N + 1 can talk: a feature is used when both name it. */
export const protocolFeatures: readonly string[] = [
  digestFeature,
  snapshotDigestFeature,
  paceFeature,
  censusFeature,
  roomFeature,
  gatherFeature,
];

/** What one side understands. The highest version that both know is spoken, with the features that both name. */
export interface Speaks {
  /** Ascending. */
  readonly versions: readonly number[];
  readonly features: readonly string[];
}
const we: Speaks = { versions: protocolVersions, features: protocolFeatures };

/** A hello is short; before the handshake is done nothing longer is buffered for. */
export const handshakeBytesMax = 4_096;
const challengeDigits = 64;

export type Subject =
  | { readonly role: 'target'; readonly volume: string; readonly replicaId: string }
  | {
      readonly role: 'copier';
      readonly volume: string;
      /** The source's. */
      readonly replicaId: string;
      readonly epoch: number;
      readonly nonce: number;
      readonly copierGuid: string;
    };

export interface Welcome {
  readonly guid: string;
  readonly promisedEpoch: number;
}

export interface Agreement {
  readonly version: number;
  readonly features: readonly string[];
}

// prettier-ignore
const types = { hello: 0x01, answer: 0x02, proof: 0x03, welcome: 0x04, refuse: 0x05 } as const;

/**
 * Why a peer is refused, for counting. proof: it does not hold the key, or plays back what another one said. stranger: it
 * wants a replica that is not here. version: no version in common. refused: it refuses us.
 */
export type HandshakeProblem = 'proof' | 'stranger' | 'version' | 'refused';

/** The peer does not hold the key, is not what it says, or has refused us; `message` is for people. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
  readonly problem: HandshakeProblem;
  constructor(problem: HandshakeProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

interface Hello {
  readonly versions: readonly number[];
  readonly features: readonly string[];
  readonly subject: Subject;
  readonly challenge: string;
}

interface ListenerAnswer {
  readonly version: number;
  readonly features: readonly string[];
  readonly challenge: string;
}

const frame = (type: number, payload: Uint8Array): Frame => ({ ...emptyFrame(type), payload });

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const refusal = (message: string): Frame => frame(types.refuse, Buffer.from(message));

/** What a session of TLS exports (shared/edge/link-tls.ts); undefined: there is none. */
type Binding = Uint8Array | undefined;

function transcript(hello: Uint8Array, answer: Uint8Array, binding: Binding): string {
  const hash = createHash('sha256').update(`${hello.byteLength}\n`).update(hello).update(answer);
  const said = hash.digest('hex');
  return binding === undefined ? said : `${said}\n${hex(binding)}`;
}

const proofOf = (key: Uint8Array, role: 'caller' | 'listener', said: string): string =>
  hex(proof(key, role, said));

function parse<T>(payload: Uint8Array, isWhole: (value: Partial<T>) => boolean): T {
  let value: Partial<T>;
  try {
    value = JSON.parse(Buffer.from(payload).toString()) as Partial<T>;
  } catch (error) {
    throw new WireError('a handshake is no JSON', { cause: error });
  }
  if (typeof value !== 'object' || value === null || !isWhole(value))
    throw new WireError('a handshake is incomplete');
  return value as T;
}

const isChallenge = (text: unknown): boolean => typeof text === 'string' && text.length === challengeDigits;

const isHello = ({ versions, features, subject, challenge }: Partial<Hello>): boolean =>
  Array.isArray(versions) &&
  Array.isArray(features) &&
  isChallenge(challenge) &&
  typeof subject?.volume === 'string' &&
  typeof subject.replicaId === 'string' &&
  (subject.role === 'target' || (subject.role === 'copier' && typeof subject.copierGuid === 'string'));

export interface Step<T> {
  readonly send?: Frame;
  readonly done?: T;
}

/** The dialing side: `begin`, then `step` with each frame until `done`. Throws HandshakeError or WireError. */
export class Caller {
  readonly #key: Uint8Array;
  readonly #binding: Binding;
  readonly #hello: Uint8Array;
  readonly #speaks: Speaks;
  #agreement: Agreement | undefined;

  constructor(options: {
    readonly key: Uint8Array;
    readonly subject: Subject;
    readonly challenge: Uint8Array;
    readonly binding?: Binding;
    /** For tests of what a later version would say. */
    readonly speaks?: Speaks | undefined;
  }) {
    this.#key = options.key;
    this.#binding = options.binding;
    this.#speaks = options.speaks ?? we;
    const hello: Hello = {
      ...this.#speaks,
      subject: options.subject,
      challenge: hex(options.challenge),
    };
    this.#hello = Buffer.from(JSON.stringify(hello));
  }

  begin(): Frame {
    return frame(types.hello, this.#hello);
  }

  step({ type, payload }: Frame): Step<Agreement & { readonly welcome: Welcome }> {
    if (type === types.refuse)
      throw new HandshakeError('refused', `refused: ${Buffer.from(payload).toString().slice(0, 500)}`);
    if (type === types.answer && !this.#agreement) return { send: this.#prove(payload) };
    if (type === types.welcome && this.#agreement) {
      const welcome = parse<Welcome>(
        payload,
        (w) => typeof w.guid === 'string' && Number.isSafeInteger(w.promisedEpoch),
      );
      return { done: { ...this.#agreement, welcome } };
    }
    throw new WireError(`frame ${type} in a handshake`);
  }

  #prove(payload: Uint8Array): Frame {
    const end = payload.indexOf(0x0a);
    const answer = payload.subarray(0, end);
    const shown = Buffer.from(payload.subarray(end + 1)).toString();
    const said = transcript(this.#hello, answer, this.#binding);
    if (end < 0 || !sameText(shown, proofOf(this.#key, 'listener', said))) {
      throw new HandshakeError('proof', 'the other side does not hold the key of this link');
    }
    const { version, features } = parse<ListenerAnswer>(answer, (a) => isChallenge(a.challenge));
    if (!this.#speaks.versions.includes(version))
      throw new HandshakeError('version', `protocol version ${version} is not known`);
    if (!Array.isArray(features) || features.some((feature) => !this.#speaks.features.includes(feature)))
      throw new HandshakeError('version', 'the other side uses features that were not offered');
    this.#agreement = { version, features };
    return frame(types.proof, Buffer.from(proofOf(this.#key, 'caller', said)));
  }
}

/** What the listener answers when the caller has proved itself. */
export type Admission =
  | { readonly ok: true; readonly welcome: Welcome }
  | { readonly ok: false; readonly message: string };

/** The listening side. It answers an unknown subject like a wrong key: who does not hold it learns nothing. */
export class Listener {
  readonly #keyFor: (subject: Subject) => Uint8Array;
  readonly #admit: (subject: Subject) => Admission;
  readonly #challenge: string;
  readonly #binding: Binding;
  readonly #speaks: Speaks;
  #pending:
    | { readonly subject: Subject; readonly agreement: Agreement; readonly expected: string }
    | undefined;

  constructor(options: {
    readonly keyFor: (subject: Subject) => Uint8Array;
    readonly admit: (subject: Subject) => Admission;
    readonly challenge: Uint8Array;
    readonly binding?: Binding;
    /** For tests of what a later version would say. */
    readonly speaks?: Speaks | undefined;
  }) {
    this.#speaks = options.speaks ?? we;
    this.#keyFor = options.keyFor;
    this.#admit = options.admit;
    this.#challenge = hex(options.challenge);
    this.#binding = options.binding;
  }

  /** Throws HandshakeError (after `refusal(message)` the connection is closed) or WireError. */
  step({ type, payload }: Frame): Step<Agreement & { readonly subject: Subject }> {
    if (type === types.hello && !this.#pending) return { send: this.#answer(payload) };
    if (type !== types.proof || !this.#pending) throw new WireError(`frame ${type} in a handshake`);
    const { subject, agreement, expected } = this.#pending;
    if (!sameText(Buffer.from(payload).toString(), expected))
      throw new HandshakeError('proof', 'a wrong proof of the key');
    const admission = this.#admit(subject);
    if (!admission.ok) throw new HandshakeError('stranger', admission.message);
    const welcome = frame(types.welcome, Buffer.from(JSON.stringify(admission.welcome)));
    return { send: welcome, done: { ...agreement, subject } };
  }

  #answer(hello: Uint8Array): Frame {
    const { versions, features: offered, subject } = parse<Hello>(hello, isHello);
    const version = this.#speaks.versions.findLast((known) => versions.includes(known));
    if (version === undefined) {
      throw new HandshakeError(
        'version',
        `protocol versions ${versions.slice(0, 16).join(', ')} are not known here, ${this.#speaks.versions.join(', ')} are`,
      );
    }
    const features = this.#speaks.features.filter((feature) => offered.includes(feature));
    const told: ListenerAnswer = { version, features, challenge: this.#challenge };
    const answer = Buffer.from(JSON.stringify(told));
    const key = this.#keyFor(subject);
    const said = transcript(hello, answer, this.#binding);
    this.#pending = { subject, agreement: { version, features }, expected: proofOf(key, 'caller', said) };
    return frame(types.answer, Buffer.concat([answer, Buffer.from(`\n${proofOf(key, 'listener', said)}`)]));
  }
}

const sameText = (a: string, b: string): boolean => equalSecrets(Buffer.from(a), Buffer.from(b));
