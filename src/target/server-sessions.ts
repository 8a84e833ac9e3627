/** The sessions of a target: which there are, and who may begin another. */
import { loginStatus, type LoginStatus } from './iscsi/errors.ts';
import type { SessionIdentity } from './iscsi/login-identity.ts';
import type { Connection } from './server-connection.ts';
import type { PortalOptions, SessionInfo } from './server-options.ts';

const tsihMax = 0xffff;

interface SessionsOptions extends Pick<PortalOptions, 'mayLogin'> {
  readonly sessionsMax: number;
}

export class Sessions {
  /** Those that have not logged in yet included. */
  readonly #connections: ReadonlySet<Connection>;
  readonly #o: SessionsOptions;
  #nextTsih = 1;
  #closed = false;

  constructor(connections: ReadonlySet<Connection>, options: SessionsOptions) {
    this.#connections = connections;
    this.#o = options;
  }

  /** From now on nobody is admitted. */
  close(): void {
    this.#closed = true;
  }

  list(): readonly SessionInfo[] {
    const nowMs = performance.now();
    return [...this.#connections].flatMap(({ login, loggedInAtMs, peer }) => {
      if (login === undefined) return [];
      const { identity, tsih, parameters, authenticated } = login;
      const { headerDigest, dataDigest } = parameters;
      const upSeconds = Math.floor((nowMs - loggedInAtMs) / 1_000);
      return [{ ...identity, peer, tsih, headerDigest, dataDigest, authenticated, upSeconds }];
    });
  }

  /** Those that a login of `identity` takes the place of (RFC 7143 §6.3.5). */
  like({ initiator, isid, discovery }: SessionIdentity): readonly Connection[] {
    return [...this.#connections].filter(({ login }) => {
      const other = login?.identity;
      return other?.initiator === initiator && other.isid === isid && other.discovery === discovery;
    });
  }

  /** Those of some initiators. */
  of(predicate: (initiator: string) => boolean): readonly Connection[] {
    return [...this.#connections].filter(
      ({ login }) => login !== undefined && predicate(login.identity.initiator),
    );
  }

  /** `tsih`: 0 for a new session. Answers its handle. */
  admit(identity: SessionIdentity, tsih: number): { readonly status: LoginStatus; readonly tsih: number } {
    const refuse = (status: LoginStatus) => ({ status, tsih });
    if (this.#closed) return refuse(loginStatus.serviceUnavailable);
    const { mayLogin, sessionsMax } = this.#o;
    if (!identity.discovery && mayLogin?.(identity.initiator) === false)
      return refuse(loginStatus.notAllowed);
    const replaced = this.like(identity);
    if (tsih !== 0) {
      const known = replaced.some(({ login }) => login?.tsih === tsih);
      return known ? { status: loginStatus.success, tsih } : refuse(loginStatus.noSuchSession);
    }
    const present = [...this.#connections].flatMap(({ login }) => login ?? []);
    if (present.length - replaced.length >= sessionsMax) return refuse(loginStatus.outOfResources);
    return { status: loginStatus.success, tsih: this.#makeTsih(present) };
  }

  /** A handle that no session has (§4.4.3). */
  #makeTsih(present: readonly { readonly tsih: number }[]): number {
    const used = new Set(present.map(({ tsih }) => tsih));
    do this.#nextTsih = this.#nextTsih === tsihMax ? 1 : this.#nextTsih + 1;
    while (used.has(this.#nextTsih));
    return this.#nextTsih;
  }
}
