/** What an initiator says in a login: the keys of all its requests, each once (RFC 7143 §6.2, §6.3). */
import { LoginRefusal, loginStatus } from './errors.ts';
import { parseKeys, TextCollector, type KeyValue } from './text-keys.ts';

/** Values that answer a key of ours instead of offering one. */
const answers = new Set(['NotUnderstood', 'Irrelevant', 'Reject']);
/** Told once by the initiator, answered by nothing; they are read where they matter. */
const declarations = new Set([
  'InitiatorName',
  'InitiatorAlias',
  'TargetName',
  'SessionType',
  'CHAP_N',
  'CHAP_R',
  'CHAP_I',
  'CHAP_C',
]);

export class LoginText {
  readonly #text = new TextCollector();
  readonly #seen = new Map<string, string>();

  /** All keys so far. */
  get seen(): ReadonlyMap<string, string> {
    return this.#seen;
  }

  /** The text of one request. Throws LoginRefusal when it is too much. */
  add(data: Uint8Array): void {
    if (!this.#text.add(data)) throw new LoginRefusal(loginStatus.initiatorError, 'login text too long');
  }

  /** The text is complete: those of its keys that are to be answered. Throws LoginRefusal. */
  take(): readonly KeyValue[] {
    const pairs = parseKeys(this.#text.take());
    if (pairs === undefined) throw new LoginRefusal(loginStatus.initiatorError, 'malformed login text');
    for (const { key, value } of pairs) {
      if (this.#seen.has(key)) throw new LoginRefusal(loginStatus.initiatorError, `key ${key} sent twice`);
      this.#seen.set(key, value);
    }
    return pairs.filter(({ key, value }) => !answers.has(value) && !declarations.has(key));
  }
}
