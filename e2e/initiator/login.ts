/** Logging in, as the initiator (RFC 7143 §6.3, §12, §13). */
import { createHash, randomBytes } from 'node:crypto';
import type { Connection } from './connection.ts';
import { Header, immediate, pairsOf, reply, request, textOf, type Pdu } from './wire.ts';

export interface ChapOptions {
  readonly user: string;
  readonly secret: string;
  /** The target must prove that it knows this. */
  readonly mutual?: { readonly user: string; readonly secret: string } | undefined;
  /** Default md5. */
  readonly algorithm?: 'md5' | 'sha256' | undefined;
}

export interface LoginOptions {
  /** HOST:PORT. */
  readonly portal: string;
  readonly target: string;
  readonly initiator?: string | undefined;
  readonly lun?: number | undefined;
  /** 12 hexadecimal digits; random by default. The same one and the same name replace the older session. */
  readonly isid?: string | undefined;
  readonly tsih?: number | undefined;
  readonly chap?: ChapOptions | undefined;
  readonly headerDigest?: boolean | undefined;
  readonly dataDigest?: boolean | undefined;
  /** For connect and each login step; default 5 s. */
  readonly timeoutMs?: number | undefined;
  /** Login keys to offer instead of the defaults; a value of '' leaves a key out. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/** The target refused the login. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  readonly statusClass: number;
  readonly statusDetail: number;
  constructor(statusClass: number, statusDetail: number, what = 'login refused') {
    super(`${what}: status ${statusClass}/${statusDetail}`);
    this.statusClass = statusClass;
    this.statusDetail = statusDetail;
  }
}

export const defaultInitiator = 'iqn.2016-09.com.openebs.csi:e2e-initiator';

/** What both sides agreed on, by key; keys that were not answered keep the offered value. */
export type Agreed = ReadonlyMap<string, string>;
export interface LoggedIn {
  readonly tsih: number;
  readonly agreed: Agreed;
  readonly answers: readonly (readonly [string, string])[];
}

const stages = { security: 0, operational: 1, full: 3 } as const;

const defaults: Readonly<Record<string, string>> = {
  MaxRecvDataSegmentLength: '262144',
  MaxBurstLength: '262144',
  FirstBurstLength: '262144',
  InitialR2T: 'No',
  ImmediateData: 'Yes',
  MaxOutstandingR2T: '8',
  MaxConnections: '1',
  DataPDUInOrder: 'Yes',
  DataSequenceInOrder: 'Yes',
  DefaultTime2Wait: '2',
  DefaultTime2Retain: '0',
  ErrorRecoveryLevel: '0',
};

function operationalKeys(options: LoginOptions, discovery: boolean): Record<string, string> {
  const digest = (on: boolean | undefined) => (on === true ? 'CRC32C' : 'None');
  const digests = { HeaderDigest: digest(options.headerDigest), DataDigest: digest(options.dataDigest) };
  const keys = discovery
    ? { ...digests, MaxRecvDataSegmentLength: '262144' }
    : { ...digests, ...defaults, ...options.parameters };
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== ''));
}

class LoginExchange {
  readonly #connection: Connection;
  readonly #isid: string;
  #tsih: number;
  readonly answers: (readonly [string, string])[] = [];

  constructor(connection: Connection, isid: string, tsih: number) {
    this.#connection = connection;
    this.#isid = isid;
    this.#tsih = tsih;
  }
  get tsih(): number {
    return this.#tsih;
  }

  /** One request and its response; answers the keys. */
  async ask(stage: number, next: number | undefined, keys: Readonly<Record<string, string>>) {
    const flags = next === undefined ? stage << 2 : 0x80 | (stage << 2) | next;
    const header = new Header(request.login | immediate, flags);
    header.bytes.set(Buffer.from(this.#isid, 'hex'), 8);
    header.u16(14, this.#tsih).u32(16, 1).u32(24, this.#connection.cmdSn);
    this.#connection.send(header, textOf(keys));
    const pdu = await this.#connection.receive(reply.login);
    const status = pdu.view.getUint16(36);
    if (status !== 0) throw new LoginError(status >> 8, status & 0xff);
    this.#tsih = pdu.view.getUint16(14);
    const pairs = pairsOf(pdu.data);
    this.answers.push(...pairs);
    return { values: new Map(pairs), moved: transits(pdu, next) };
  }
}

function transits(pdu: Pdu, next: number | undefined): boolean {
  return next !== undefined && (pdu.flags & 0x80) !== 0 && (pdu.flags & 3) === next;
}

const binary = (text: string): Buffer =>
  text.startsWith('0b') ? Buffer.from(text.slice(2), 'base64') : Buffer.from(text.slice(2), 'hex');

function chapResponse(algorithm: string, id: number, secret: string, challenge: Uint8Array): string {
  const hash = createHash(algorithm).update(Uint8Array.of(id)).update(secret).update(challenge);
  return `0x${hash.digest('hex')}`;
}

async function authenticate(exchange: LoginExchange, chap: ChapOptions): Promise<void> {
  const algorithm = chap.algorithm ?? 'md5';
  const offered = await exchange.ask(stages.security, undefined, { CHAP_A: algorithm === 'md5' ? '5' : '7' });
  const challenge = binary(offered.values.get('CHAP_C') ?? '0x');
  const response = chapResponse(algorithm, Number(offered.values.get('CHAP_I')), chap.secret, challenge);
  const keys: Record<string, string> = { CHAP_N: chap.user, CHAP_R: response };
  const [ownId, own] = [randomBytes(1)[0] ?? 0, randomBytes(24)];
  if (chap.mutual !== undefined)
    Object.assign(keys, { CHAP_I: String(ownId), CHAP_C: `0x${own.toString('hex')}` });
  const { values, moved } = await exchange.ask(stages.security, stages.operational, keys);
  if (!moved) throw new Error('the target does not leave the security stage');
  if (chap.mutual === undefined) return;
  const expected = chapResponse(algorithm, ownId, chap.mutual.secret, own);
  if (values.get('CHAP_N') !== chap.mutual.user || values.get('CHAP_R')?.toLowerCase() !== expected)
    throw new LoginError(0, 0, 'the target did not prove itself');
}

/** Takes a fresh connection to full feature phase; the connection switches its digests on. */
export async function negotiateLogin(
  connection: Connection,
  options: LoginOptions,
  discovery: boolean,
): Promise<LoggedIn> {
  const exchange = new LoginExchange(
    connection,
    options.isid ?? `80${randomBytes(5).toString('hex')}`,
    options.tsih ?? 0,
  );
  const names: Record<string, string> = {
    InitiatorName: options.initiator ?? defaultInitiator,
    SessionType: discovery ? 'Discovery' : 'Normal',
    ...(discovery ? {} : { TargetName: options.target }),
  };
  if (options.chap === undefined) {
    const { moved } = await exchange.ask(stages.security, stages.operational, {
      ...names,
      AuthMethod: 'None',
    });
    if (!moved) throw new Error('the target does not leave the security stage');
  } else {
    const { values } = await exchange.ask(stages.security, undefined, { ...names, AuthMethod: 'CHAP' });
    if (values.get('AuthMethod') !== 'CHAP') throw new Error('the target does not do CHAP');
    await authenticate(exchange, options.chap);
  }
  return operate(exchange, operationalKeys(options, discovery));
}

async function operate(exchange: LoginExchange, keys: Readonly<Record<string, string>>): Promise<LoggedIn> {
  let { values, moved } = await exchange.ask(stages.operational, stages.full, keys);
  const agreed = new Map(Object.entries(keys));
  agreed.delete('MaxRecvDataSegmentLength'); // what counts from here on is the target's
  for (let round = 0; ; round++) {
    for (const [key, value] of values) agreed.set(key, value);
    if (moved) return { tsih: exchange.tsih, agreed, answers: exchange.answers };
    if (round === 8) throw new Error('the login does not end');
    ({ values, moved } = await exchange.ask(stages.operational, stages.full, {}));
  }
}
