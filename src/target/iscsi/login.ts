/**
 * The login phase of one connection (RFC 7143 §6.3): requests in, responses out, as the responder.
 *
 *   security ──▶ operational ──▶ full feature phase
 *       └────────────────────────────▲
 *
 * The initiator is authenticated and admitted before it leaves security, or before anything is negotiated when it begins
 * in the operational stage.
 */
import { ChapExchange, type ChapCredentials } from './chap.ts';
import { LoginRefusal, loginStatus, type LoginStatus } from './errors.ts';
import { defaultParameters, negotiate, receiveSegmentBytesMax, type Parameters } from './login-keys.ts';
import { identify, isidOf, type SessionIdentity } from './login-identity.ts';
import { LoginText } from './login-text.ts';
import type { PduOf } from './pdu.ts';
import { encodeKeys, type KeyValue } from './text-keys.ts';

export const loginStage = { security: 0, operational: 1, fullFeature: 3 } as const;

export interface LoginConfig {
  /** Our only target. */
  readonly iqn: string;
  readonly chap?: ChapCredentials | undefined;
  readonly random: (bytes: number) => Uint8Array;
  /** Where normal sessions are sent instead (HOST:PORT), as long as it answers one (§6.1, §11.13.5). */
  readonly movedTo?: (() => string | undefined) | undefined;
  /** Asked once, after authentication. `tsih` is 0 for a new session; the answer's is the session's handle. */
  readonly admit: (
    identity: SessionIdentity,
    tsih: number,
  ) => { readonly status: LoginStatus; readonly tsih: number };
}

export interface LoginReply {
  readonly transit: boolean;
  readonly continues: boolean;
  readonly nextStage: number;
  readonly tsih: number;
  readonly data: Uint8Array;
  /** Set on the reply that ends the login. */
  readonly done: LoginResult | undefined;
}
export interface LoginResult {
  readonly identity: SessionIdentity;
  readonly tsih: number;
  readonly parameters: Parameters;
  /** The initiator proved itself by CHAP. */
  readonly authenticated: boolean;
}

type Request = PduOf<'loginRequest'>;

export class Login {
  readonly #config: LoginConfig;
  readonly #text = new LoginText();
  #stage: number | undefined;
  #isid: string | undefined;
  #identity: SessionIdentity | undefined;
  #chap: ChapExchange | undefined;
  #authenticated: boolean;
  #admittedTsih: number | undefined;
  #parameters: Parameters = defaultParameters;
  #declared = false;
  #portalGroupTold = false;

  constructor(config: LoginConfig) {
    this.#config = config;
    this.#authenticated = config.chap === undefined;
  }

  /** Throws LoginRefusal; the login is over then. */
  step(request: Request): LoginReply {
    this.#checkHeader(request);
    this.#text.add(request.data);
    if (request.continues) return { ...this.#stay(request), data: encodeKeys([]) };
    const offered = this.#text.take();
    this.#identity ??= identify(request, this.#text.seen, this.#config);
    if (request.currentStage === loginStage.operational) this.#admit(request);
    const reply =
      request.currentStage === loginStage.security ? this.#secure(offered) : this.#operate(offered);
    if (!this.#portalGroupTold && !this.#identity.discovery) {
      reply.push({ key: 'TargetPortalGroupTag', value: '1' });
      this.#portalGroupTold = true;
    }
    return this.#advance(request, reply);
  }

  #checkHeader(request: Request): void {
    if (request.versionMin > 0)
      throw new LoginRefusal(loginStatus.unsupportedVersion, `version ${request.versionMin}`);
    const isid = isidOf(request);
    this.#stage ??= request.currentStage;
    this.#isid ??= isid;
    const { currentStage, nextStage, transit, continues } = request;
    const forward = nextStage > currentStage && nextStage !== 2;
    if (
      currentStage > 1 ||
      currentStage !== this.#stage ||
      isid !== this.#isid ||
      (transit && (!forward || continues))
    )
      throw new LoginRefusal(loginStatus.initiatorError, 'inconsistent login request');
  }

  #secure(offered: readonly KeyValue[]): KeyValue[] {
    const reply: KeyValue[] = [];
    for (const { key, value } of offered) {
      if (key === 'AuthMethod') reply.push({ key, value: this.#chooseMethod(value.split(',')) });
      else if (key === 'CHAP_A' && this.#chap !== undefined) reply.push(...this.#chap.challenge(value));
      else if (key === 'CHAP_A')
        throw new LoginRefusal(loginStatus.initiatorError, 'CHAP_A before AuthMethod');
      else reply.push(...this.#negotiate({ key, value }));
    }
    if (this.#text.seen.has('CHAP_R') && !this.#authenticated && this.#chap !== undefined) {
      reply.push(...this.#chap.answer(this.#text.seen));
      this.#authenticated = true;
    }
    return reply;
  }

  #chooseMethod(methods: readonly string[]): string {
    const { chap, random } = this.#config;
    const method = chap === undefined ? 'None' : 'CHAP';
    if (!methods.includes(method))
      throw new LoginRefusal(
        loginStatus.authenticationFailed,
        `the initiator does not offer AuthMethod=${method}`,
      );
    if (chap !== undefined) this.#chap = new ChapExchange(chap, random);
    return method;
  }

  #operate(offered: readonly KeyValue[]): KeyValue[] {
    const reply = offered.flatMap((offer) => this.#negotiate(offer));
    if (!this.#declared) {
      reply.push({ key: 'MaxRecvDataSegmentLength', value: String(receiveSegmentBytesMax) });
      this.#declared = true;
    }
    return reply;
  }

  #negotiate(offer: KeyValue): readonly KeyValue[] {
    const { answer, changes } = negotiate(offer, this.#identity?.discovery ?? false);
    this.#parameters = { ...this.#parameters, ...changes };
    return answer === undefined ? [] : [answer];
  }

  /** Asks for admission when the initiator is known to be who it says. */
  #admit(request: Request): void {
    if (this.#admittedTsih !== undefined) return;
    if (!this.#authenticated)
      throw new LoginRefusal(loginStatus.authenticationFailed, 'the initiator skipped authentication');
    const identity = this.#identity;
    if (identity === undefined)
      throw new LoginRefusal(loginStatus.missingParameter, 'InitiatorName is missing');
    const { status, tsih } = this.#config.admit(identity, request.tsih);
    if (status !== loginStatus.success) throw new LoginRefusal(status, 'not admitted');
    this.#admittedTsih = tsih;
  }

  #advance(request: Request, reply: readonly KeyValue[]): LoginReply {
    const data = encodeKeys(reply);
    const authenticating = this.#chap !== undefined && !this.#authenticated;
    if (!request.transit || (request.currentStage === loginStage.security && authenticating))
      return { ...this.#stay(request), data };
    this.#admit(request);
    this.#stage = request.nextStage;
    const { nextStage } = request;
    if (nextStage !== loginStage.fullFeature)
      return { ...this.#stay(request), transit: true, nextStage, data };
    const [identity, tsih] = [this.#identity, this.#admittedTsih];
    if (identity === undefined || tsih === undefined)
      throw new LoginRefusal(loginStatus.targetError, 'not admitted');
    const { firstBurstBytes, maxBurstBytes } = this.#parameters;
    const parameters = { ...this.#parameters, firstBurstBytes: Math.min(firstBurstBytes, maxBurstBytes) };
    const done = { identity, tsih, parameters, authenticated: this.#chap !== undefined };
    return { transit: true, continues: false, nextStage, tsih, data, done };
  }

  #stay(request: Request): Omit<LoginReply, 'data'> {
    return { transit: false, continues: false, nextStage: 0, tsih: request.tsih, done: undefined };
  }
}
