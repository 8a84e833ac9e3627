/**
 * CHAP, the target's side (RFC 7143 §12.1.3, RFC 1994): one challenge of ours, and an answer to one of the initiator's
 * where it asks for it. The algorithm is the first of the initiator's list that we know.
 */
import { createHash } from 'node:crypto';
import { equalSecrets } from '../../shared/keys.ts';
import { LoginRefusal, loginStatus } from './errors.ts';
import type { KeyValue } from './text-keys.ts';

/** Who may log in, and how the target proves itself when asked. */
export interface ChapCredentials {
  /** User → secrets, any of which is right: old and new one while a secret is exchanged. */
  readonly users: ReadonlyMap<string, readonly ChapSecret[]>;
}

export interface ChapSecret {
  readonly secret: string;
  /** With what the target proves itself to who knows this secret. Absent: it can not. */
  readonly mutual?: { readonly user: string; readonly secret: string } | undefined;
}

/** CHAP_A values (RFC 7143 §12.1.3 and the IANA registry), with the hash's size. */
// prettier-ignore
const algorithms = [
  { number: '7', hash: 'sha256', bytes: 32 },
  { number: '5', hash: 'md5',    bytes: 16 },
] as const;
type Algorithm = (typeof algorithms)[number];

const challengeBytesMax = 1024;

export class ChapExchange {
  readonly #credentials: ChapCredentials;
  readonly #random: (bytes: number) => Uint8Array;
  #asked: { readonly algorithm: Algorithm; readonly id: number; readonly challenge: Uint8Array } | undefined;

  constructor(credentials: ChapCredentials, random: (bytes: number) => Uint8Array) {
    this.#credentials = credentials;
    this.#random = random;
  }

  /** CHAP_A in, our challenge out. Throws LoginRefusal when no algorithm is common. */
  challenge(offered: string): readonly KeyValue[] {
    if (this.#asked !== undefined) throw new LoginRefusal(loginStatus.initiatorError, 'CHAP_A sent twice');
    const names = offered.split(',');
    const algorithm = names.flatMap((name) => algorithms.filter(({ number }) => number === name))[0];
    if (algorithm === undefined) throw refused('no CHAP algorithm in common');
    const challenge = this.#random(algorithm.bytes);
    const id = this.#random(1)[0] ?? 0;
    this.#asked = { algorithm, id, challenge };
    return [
      { key: 'CHAP_A', value: algorithm.number },
      { key: 'CHAP_I', value: String(id) },
      { key: 'CHAP_C', value: `0x${Buffer.from(challenge).toString('hex')}` },
    ];
  }

  /** The initiator's answer, perhaps with a challenge of its own. Throws LoginRefusal when it does not know the secret. */
  answer(keys: ReadonlyMap<string, string>): readonly KeyValue[] {
    const asked = this.#asked;
    if (asked === undefined) throw new LoginRefusal(loginStatus.initiatorError, 'CHAP_R before CHAP_A');
    const name = keys.get('CHAP_N') ?? '';
    const secrets = this.#credentials.users.get(name);
    const response = binaryOf(keys.get('CHAP_R') ?? '') ?? new Uint8Array(0);
    // An unknown user takes as long as a known one, and so does each of several secrets.
    const [right] = (secrets ?? [{ secret: '' }]).filter(({ secret }) =>
      equalSecrets(response, chapResponse(asked.algorithm.hash, asked.id, secret, asked.challenge)),
    );
    if (secrets === undefined || right === undefined)
      throw refused(`wrong user or secret for ${JSON.stringify(name.slice(0, 64))}`);
    return this.#prove(asked, keys, right);
  }

  #prove(
    asked: { readonly algorithm: Algorithm; readonly challenge: Uint8Array },
    keys: ReadonlyMap<string, string>,
    { mutual }: ChapSecret,
  ) {
    const [idText, challengeText] = [keys.get('CHAP_I'), keys.get('CHAP_C')];
    if (idText === undefined && challengeText === undefined) return [];
    if (mutual === undefined) throw refused('the initiator asks for mutual CHAP, no mutual secret is set');
    const challenge = binaryOf(challengeText ?? '');
    const id = /^[0-9]{1,3}$/.test(idText ?? '') ? Number(idText) : 256;
    if (
      challenge === undefined ||
      challenge.byteLength === 0 ||
      challenge.byteLength > challengeBytesMax ||
      id > 255
    )
      throw refused('malformed CHAP_I or CHAP_C');
    // A reflected challenge would make us compute the answer to our own question (§12.1.3).
    if (equalSecrets(challenge, asked.challenge)) throw refused('our challenge was reflected');
    const response = chapResponse(asked.algorithm.hash, id, mutual.secret, challenge);
    return [
      { key: 'CHAP_N', value: mutual.user },
      { key: 'CHAP_R', value: `0x${Buffer.from(response).toString('hex')}` },
    ];
  }
}

const refused = (why: string) => new LoginRefusal(loginStatus.authenticationFailed, why);

function chapResponse(hash: string, id: number, secret: string, challenge: Uint8Array): Uint8Array {
  return createHash(hash).update(Uint8Array.of(id)).update(secret, 'utf8').update(challenge).digest();
}

/** A large binary value: 0x and hexadecimal, or 0b and base64 (§6.1). */
function binaryOf(text: string): Uint8Array | undefined {
  const digits = text.slice(2);
  if (/^0x$/i.test(text.slice(0, 2)) && /^([0-9a-f]{2})*$/i.test(digits)) return Buffer.from(digits, 'hex');
  if (/^0b$/i.test(text.slice(0, 2)) && /^[A-Za-z0-9+/]*={0,2}$/.test(digits))
    return Buffer.from(digits, 'base64');
  return undefined;
}
