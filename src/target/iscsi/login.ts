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
import type { PduOf } from './pdu.ts';
import { encodeKeys, parseKeys, TextCollector, type KeyValue } from './text-keys.ts';

export const loginStage = { security: 0, operational: 1, fullFeature: 3 } as const;

/** Who logs in. `isid` is 12 hexadecimal digits; with the name it identifies the session (I_T nexus). */
export interface SessionIdentity {
  /** Lower case. */
  readonly initiator: string;
  readonly isid: string;
  readonly discovery: boolean;
}

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
}

type Request = PduOf<'loginRequest'>;

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

export class Login {
  readonly #config: LoginConfig;
  readonly #text = new TextCollector();
  readonly #seen = new Map<string, string>();
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
    if (!this.#text.add(request.data))
      throw new LoginRefusal(loginStatus.initiatorError, 'login text too long');
    if (request.continues) return { ...this.#stay(request), data: encodeKeys([]) };
    const offered = this.#takeKeys();
    this.#identity ??= this.#identify(request);
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

  #takeKeys(): readonly KeyValue[] {
    const pairs = parseKeys(this.#text.take());
    if (pairs === undefined) throw new LoginRefusal(loginStatus.initiatorError, 'malformed login text');
    for (const { key, value } of pairs) {
      if (this.#seen.has(key)) throw new LoginRefusal(loginStatus.initiatorError, `key ${key} sent twice`);
      this.#seen.set(key, value);
    }
    return pairs.filter(({ key, value }) => !answers.has(value) && !declarations.has(key));
  }

  /** The first request names initiator, session type and target (§6.3.1). */
  #identify(request: Request): SessionIdentity {
    const initiator = this.#seen.get('InitiatorName')?.toLowerCase();
    if (initiator === undefined || !/^(iqn\.|eui\.|naa\.)[^\s=\0]{1,219}$/.test(initiator))
      throw new LoginRefusal(loginStatus.missingParameter, 'InitiatorName is missing or malformed');
    const type = this.#seen.get('SessionType') ?? 'Normal';
    if (type !== 'Normal' && type !== 'Discovery')
      throw new LoginRefusal(
        loginStatus.unsupportedSessionType,
        'SessionType is neither Normal nor Discovery',
      );
    const target = this.#seen.get('TargetName')?.toLowerCase();
    if (target === undefined && type === 'Normal')
      throw new LoginRefusal(loginStatus.missingParameter, 'TargetName is missing');
    if (target !== undefined && target !== this.#config.iqn.toLowerCase())
      throw new LoginRefusal(loginStatus.targetNotFound, 'no such target');
    const movedTo = type === 'Normal' ? this.#config.movedTo?.() : undefined;
    if (movedTo !== undefined)
      throw new LoginRefusal(loginStatus.movedTemporarily, `sent to ${movedTo}`, movedTo);
    return { initiator, isid: isidOf(request), discovery: type === 'Discovery' };
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
    if (this.#seen.has('CHAP_R') && !this.#authenticated && this.#chap !== undefined) {
      reply.push(...this.#chap.answer(this.#seen));
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
    return { transit: true, continues: false, nextStage, tsih, data, done: { identity, tsih, parameters } };
  }

  #stay(request: Request): Omit<LoginReply, 'data'> {
    return { transit: false, continues: false, nextStage: 0, tsih: request.tsih, done: undefined };
  }
}

function isidOf(request: Request): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  return hex(request.isidHigh, 8) + hex(request.isidLow, 4);
}
