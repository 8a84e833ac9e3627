/** One session with a target: SCSI commands side by side as far as the command window goes. No retries: see disk.ts. */
import { Connection } from './connection.ts';
import { LoginError, negotiateLogin, type Agreed, type LoggedIn, type LoginOptions } from './login.ts';
import { final, Header, immediate, noTag, pairsOf, reply, request, textOf, type Pdu } from './wire.ts';

export { LoginError, type LoginOptions };

export interface Answer {
  readonly status: number;
  readonly sense: Sense | undefined;
  readonly data: Uint8Array;
  readonly overflowBytes: number;
  readonly underflowBytes: number;
}
export interface Sense {
  readonly key: number;
  /** Additional sense code and qualifier: 0xAAQQ. */
  readonly code: number;
  readonly bytes: Uint8Array;
}

/** A command ended with another status than GOOD. */
export class ScsiError extends Error {
  override readonly name = 'ScsiError';
  readonly status: number;
  readonly sense: Sense | undefined;
  constructor(what: string, { status, sense }: Pick<Answer, 'status' | 'sense'>) {
    const detail =
      sense === undefined
        ? ''
        : ` key ${sense.key.toString(16)} code ${sense.code.toString(16).padStart(4, '0')}`;
    super(`${what}: status ${status.toString(16)}${detail}`);
    this.status = status;
    this.sense = sense;
  }
}
/** The session ended before the command was answered: nobody knows whether it was done. */
export class SessionLost extends Error {
  override readonly name = 'SessionLost';
}

export const unitAttention = 6;
const sectorBytes = 512;

interface Pending {
  readonly out: Uint8Array;
  readonly input: Uint8Array;
  received: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}
interface Waiting {
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

/** Logs in. Rejects with LoginError when refused, with another error when there is nobody. */
export async function login(options: LoginOptions): Promise<Initiator> {
  const connection = await Connection.open(options.portal, options.timeoutMs ?? 5_000);
  try {
    return new Initiator(connection, await negotiateLogin(connection, options, false), options.lun ?? 0);
  } catch (error) {
    connection.cut('the login failed');
    throw error;
  }
}

/** What SendTargets=All answers in a discovery session. */
export async function discover(
  options: Omit<LoginOptions, 'target' | 'lun'>,
): Promise<readonly { readonly target: string; readonly portals: readonly string[] }[]> {
  const connection = await Connection.open(options.portal, options.timeoutMs ?? 5_000);
  try {
    const loggedIn = await negotiateLogin(connection, { ...options, target: '' }, true);
    const initiator = new Initiator(connection, loggedIn, 0);
    const targets: { target: string; portals: string[] }[] = [];
    for (const [key, value] of await initiator.text({ SendTargets: 'All' })) {
      if (key === 'TargetName') targets.push({ target: value, portals: [] });
      if (key === 'TargetAddress') targets.at(-1)?.portals.push(value.replace(/,\d+$/, ''));
    }
    await initiator.logout();
    return targets;
  } finally {
    connection.cut('discovery is over');
  }
}

/** AsyncEvent: the target asks for a logout. */
const logoutRequest = 1;

export interface AsyncMessage {
  readonly event: number;
  readonly parameter3: number;
  readonly sense: Sense | undefined;
}

export class Initiator {
  readonly connection: Connection;
  readonly agreed: Agreed;
  readonly tsih: number;
  /** Every answer of the login, in order. */
  readonly loginAnswers: LoggedIn['answers'];
  /** Settles with the reason when the session is over. */
  readonly closed: Promise<string>;
  readonly #lun: number;
  readonly #pending = new Map<number, Pending>();
  readonly #replies = new Map<number, (pdu: Pdu) => void>();
  readonly #waiting: Waiting[] = [];
  #nextTag = 1;
  #maxCmdSn: number;
  #lost: string | undefined;
  #logoutAsked = false;
  /** Reject PDUs that came: their reasons. */
  readonly rejects: number[] = [];
  /** Async Messages that came. */
  readonly asyncMessages: AsyncMessage[] = [];

  constructor(connection: Connection, { agreed, tsih, answers }: LoggedIn, lun: number) {
    this.connection = connection;
    this.agreed = agreed;
    this.tsih = tsih;
    this.loginAnswers = answers;
    this.#lun = lun;
    this.#maxCmdSn = connection.cmdSn;
    connection.digests = {
      header: agreed.get('HeaderDigest') === 'CRC32C',
      data: agreed.get('DataDigest') === 'CRC32C',
    };
    connection.onPdu = (pdu) => this.#onPdu(pdu);
    this.closed = connection.closed.then((why) => {
      this.#onLost(why);
      return why;
    });
  }

  /** Sends one command; answers whatever status it ends with. Rejects with SessionLost. */
  command(
    cdb: Uint8Array,
    io: {
      readonly out?: Uint8Array;
      readonly in?: number;
      readonly attribute?: number;
      readonly expectedBytes?: number;
    } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const start = () => this.#start(cdb, io, { resolve, reject });
      if (this.#lost !== undefined) reject(new SessionLost(this.#lost));
      else if (this.#waiting.length === 0 && this.#mayStart()) start();
      else this.#waiting.push({ start, reject });
    });
  }

  /** Tag of the command that would be sent next: for task management. */
  get nextTag(): number {
    return this.#nextTag;
  }

  #mayStart(): boolean {
    return !this.#logoutAsked && ((this.#maxCmdSn - this.connection.cmdSn) | 0) >= 0;
  }

  #start(
    cdb: Uint8Array,
    io: {
      readonly out?: Uint8Array;
      readonly in?: number;
      readonly attribute?: number;
      readonly expectedBytes?: number;
    },
    end: Pick<Pending, 'resolve' | 'reject'>,
  ): void {
    const out = io.out ?? new Uint8Array(0);
    const input = new Uint8Array(io.in ?? 0);
    const tag = this.#makeTag();
    this.#pending.set(tag, { out, input, received: 0, ...end });
    const { immediateBytes, unsolicitedBytes } = this.#unasked(out.byteLength);
    const more = unsolicitedBytes > immediateBytes;
    const direction = (io.in === undefined ? 0 : 0x40) | (io.out === undefined ? 0 : 0x20);
    const header = new Header(request.command, (more ? 0 : final) | direction | (io.attribute ?? 1));
    header
      .lun(this.#lun)
      .u32(16, tag)
      .u32(20, io.expectedBytes ?? Math.max(out.byteLength, input.byteLength));
    header.u32(24, this.#takeCmdSn());
    header.bytes.set(cdb.subarray(0, 16), 32);
    this.connection.send(header, out.subarray(0, immediateBytes));
    if (more) this.#sendData(tag, noTag, out.subarray(0, unsolicitedBytes), immediateBytes);
  }

  /** How much of a write goes out without being asked for. */
  #unasked(bytes: number): { readonly immediateBytes: number; readonly unsolicitedBytes: number } {
    const first = Math.min(bytes, this.#number('FirstBurstLength', 65_536));
    const isImmediate = this.agreed.get('ImmediateData') !== 'No';
    const immediateBytes = isImmediate ? Math.min(first, this.#number('MaxRecvDataSegmentLength', 8192)) : 0;
    return {
      immediateBytes,
      unsolicitedBytes: this.agreed.get('InitialR2T') === 'No' ? first : immediateBytes,
    };
  }

  #number(key: string, absent: number): number {
    const value = Number(this.agreed.get(key) ?? absent);
    return Number.isNaN(value) ? absent : value;
  }

  /** One sequence of Data-Out PDUs: `data` from `at` on, the last with the F bit. */
  #sendData(tag: number, transferTag: number, data: Uint8Array, at: number): void {
    const segment = this.#number('MaxRecvDataSegmentLength', 8192);
    let dataSn = 0;
    for (let offset = at; offset < data.byteLength; offset += segment) {
      const end = Math.min(offset + segment, data.byteLength);
      const header = new Header(request.dataOut, end === data.byteLength ? final : 0);
      header.lun(this.#lun).u32(16, tag).u32(20, transferTag).u32(36, dataSn++).u32(40, offset);
      this.connection.send(header, data.subarray(offset, end));
    }
  }

  #makeTag(): number {
    const tag = this.#nextTag;
    this.#nextTag = (tag + 1) % noTag || 1;
    return tag;
  }
  #takeCmdSn(): number {
    const cmdSn = this.connection.cmdSn;
    this.connection.cmdSn = (cmdSn + 1) >>> 0;
    return cmdSn;
  }

  #onPdu(pdu: Pdu): void {
    const maxCmdSn = pdu.view.getUint32(32);
    if (((maxCmdSn - this.#maxCmdSn) | 0) > 0) this.#maxCmdSn = maxCmdSn;
    const tag = pdu.view.getUint32(16);
    switch (pdu.opcode) {
      case reply.dataIn:
        this.#onDataIn(tag, pdu);
        break;
      case reply.response:
        this.#finish(tag, pdu, pdu.header[3] ?? 0);
        break;
      case reply.readyToTransfer: {
        const [offset, bytes] = [pdu.view.getUint32(40), pdu.view.getUint32(44)];
        const out = this.#pending.get(tag)?.out;
        if (out !== undefined)
          this.#sendData(tag, pdu.view.getUint32(20), out.subarray(0, offset + bytes), offset);
        break;
      }
      case reply.nopIn:
        if (tag === noTag) this.#answerPing(pdu);
        else this.#replyArrived(tag, pdu);
        break;
      case reply.reject:
        this.rejects.push(pdu.header[2] ?? 0);
        break;
      case reply.async:
        this.#onAsync(pdu);
        break;
      default:
        this.#replyArrived(tag, pdu);
    }
    while (this.#waiting.length > 0 && this.#mayStart()) this.#waiting.shift()?.start();
  }

  #onAsync(pdu: Pdu): void {
    const [event, parameter3] = [pdu.header[36] ?? 0, pdu.view.getUint16(42)];
    this.asyncMessages.push({ event, parameter3, sense: senseOf(pdu.data) });
    this.#logoutAsked ||= event === logoutRequest;
    this.#logoutWhenIdle();
  }

  /** A target that stops asks for it (RFC 7143 §11.9.1): nothing new is begun, and the session ends with its commands. */
  #logoutWhenIdle(): void {
    if (!this.#logoutAsked || this.#pending.size > 0) return;
    this.logout().catch((error: unknown) => {
      if (!(error instanceof SessionLost)) throw error;
    });
  }

  #replyArrived(tag: number, pdu: Pdu): void {
    this.#replies.get(tag)?.(pdu);
    this.#replies.delete(tag);
  }

  #answerPing(pdu: Pdu): void {
    const transferTag = pdu.view.getUint32(20);
    if (transferTag === noTag) return;
    const header = new Header(request.nopOut | immediate, final);
    header.bytes.set(pdu.header.subarray(8, 16), 8);
    this.connection.send(header.u32(16, noTag).u32(20, transferTag).u32(24, this.connection.cmdSn));
  }

  #onDataIn(tag: number, pdu: Pdu): void {
    const pending = this.#pending.get(tag);
    if (pending === undefined) return;
    pending.input.set(pdu.data, pdu.view.getUint32(40));
    pending.received += pdu.data.byteLength;
    if ((pdu.flags & 1) !== 0) this.#finish(tag, pdu, pdu.header[3] ?? 0);
  }

  #finish(tag: number, pdu: Pdu, status: number): void {
    const pending = this.#pending.get(tag);
    if (pending === undefined) return;
    this.#pending.delete(tag);
    const residual = pdu.view.getUint32(44);
    pending.resolve({
      status,
      sense: pdu.opcode === reply.response ? senseOf(pdu.data) : undefined,
      data: pending.input.subarray(0, pending.received),
      overflowBytes: (pdu.flags & 4) === 0 ? 0 : residual,
      underflowBytes: (pdu.flags & 2) === 0 ? 0 : residual,
    });
    this.#logoutWhenIdle();
  }

  #onLost(why: string): void {
    this.#lost = why;
    for (const pending of this.#pending.values()) pending.reject(new SessionLost(why));
    for (const waiting of this.#waiting) waiting.reject(new SessionLost(why));
    this.#pending.clear();
    this.#waiting.length = 0;
  }

  // ---- other PDUs

  async #ask(header: Header, data?: Uint8Array): Promise<Pdu> {
    const tag = this.#makeTag();
    header.u32(16, tag).u32(24, this.connection.cmdSn);
    const answer = new Promise<Pdu>((resolve) => this.#replies.set(tag, resolve));
    this.connection.send(header, data);
    return Promise.race([
      answer,
      this.closed.then((why) => {
        throw new SessionLost(why);
      }),
    ]);
  }

  async text(pairs: Readonly<Record<string, string>>): Promise<readonly (readonly [string, string])[]> {
    const header = new Header(request.text | immediate, final).u32(20, noTag);
    return pairsOf((await this.#ask(header, textOf(pairs))).data);
  }

  /** Sends `data` there and gets it back. */
  async nop(data: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
    return (await this.#ask(new Header(request.nopOut | immediate, final).u32(20, noTag), data)).data;
  }

  /** RFC 7143 §11.5.1: 1 abort task, 2 abort task set, 4 clear task set, 5 LUN reset, 6 warm, 7 cold reset. Answers the response. */
  async taskManagement(
    fn: number,
    more: { readonly tag?: number; readonly lun?: number } = {},
  ): Promise<number> {
    const header = new Header(request.taskManagement | immediate, final | fn);
    header
      .lun(more.lun ?? this.#lun)
      .u32(20, more.tag ?? noTag)
      .u32(32, this.connection.cmdSn);
    return (await this.#ask(header)).header[2] ?? 255;
  }

  async logout(): Promise<void> {
    await this.#ask(new Header(request.logout | immediate, final));
    this.connection.cut('logged out');
    await this.closed;
  }

  /** Ends the connection without a word. */
  cut(why = 'cut by the test'): void {
    this.connection.cut(why);
  }

  // ---- a disk; each throws ScsiError for any other status than GOOD, after unit attentions have been taken note of

  async #good(
    what: string,
    cdb: readonly number[],
    io?: Parameters<Initiator['command']>[1],
  ): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.command(Uint8Array.from(cdb), io);
      if (answer.status === 0) return answer;
      if (answer.sense?.key !== unitAttention || attempt === 8) throw new ScsiError(what, answer);
    }
  }

  async capacity(): Promise<{
    readonly sizeBytes: number;
    readonly sectorBytes: number;
    readonly physicalBytes: number;
  }> {
    const { data } = await this.#good('READ CAPACITY(16)', [0x9e, 0x10, ...zeros(8), ...u32(32), 0, 0], {
      in: 32,
    });
    const view = Buffer.from(data);
    const bytes = view.readUInt32BE(8);
    const sectors = Number(view.readBigUInt64BE(0)) + 1;
    return {
      sizeBytes: sectors * bytes,
      sectorBytes: bytes,
      physicalBytes: bytes << ((view[13] ?? 0) & 0xf),
    };
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const cdb = [0x88, 0, ...u64(offsetBytes / sectorBytes), ...u32(lengthBytes / sectorBytes), 0, 0];
    const { data } = await this.#good('READ(16)', cdb, { in: lengthBytes });
    if (data.byteLength !== lengthBytes)
      throw new Error(`READ(16) brought ${data.byteLength} of ${lengthBytes} bytes`);
    return data;
  }

  async write(
    offsetBytes: number,
    data: Uint8Array,
    options: { readonly fua?: boolean } = {},
  ): Promise<void> {
    const flags = options.fua === true ? 0x08 : 0;
    const cdb = [0x8a, flags, ...u64(offsetBytes / sectorBytes), ...u32(data.byteLength / sectorBytes), 0, 0];
    await this.#good('WRITE(16)', cdb, { out: data });
  }

  async flush(): Promise<void> {
    await this.#good('SYNCHRONIZE CACHE(16)', [0x91, ...zeros(15)]);
  }

  async unmap(offsetBytes: number, lengthBytes: number): Promise<void> {
    const range = [...u64(offsetBytes / sectorBytes), ...u32(lengthBytes / sectorBytes), 0, 0, 0, 0];
    const out = Uint8Array.from([0, 22, 0, 16, 0, 0, 0, 0, ...range]);
    await this.#good('UNMAP', [0x42, 0, 0, 0, 0, 0, 0, 0, out.byteLength, 0], { out });
  }

  /** False: it did not compare. */
  async compareAndWrite(offsetBytes: number, expected: Uint8Array, data: Uint8Array): Promise<boolean> {
    const sectors = expected.byteLength / sectorBytes;
    const cdb = [0x89, 0, ...u64(offsetBytes / sectorBytes), 0, 0, 0, sectors, 0, 0];
    try {
      await this.#good('COMPARE AND WRITE', cdb, { out: Buffer.concat([expected, data]) });
      return true;
    } catch (error) {
      if (error instanceof ScsiError && error.sense?.key === 0xe) return false;
      throw error;
    }
  }
}

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
export const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
export const u32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 0xff,
  (value >>> 8) & 0xff,
  value & 0xff,
];
export const u64 = (value: number): number[] => [...u32(Math.floor(value / 2 ** 32)), ...u32(value >>> 0)];

/** Fixed or descriptor format (SPC-4 §4.5). */
function senseOf(segment: Uint8Array): Sense | undefined {
  if (segment.byteLength < 2) return undefined;
  const bytes = segment.subarray(2, 2 + Buffer.from(segment).readUInt16BE(0));
  const at = (i: number) => bytes[i] ?? 0;
  const fixed = (at(0) & 0x7f) === 0x70;
  return { key: at(fixed ? 2 : 1) & 0xf, code: fixed ? (at(12) << 8) | at(13) : (at(2) << 8) | at(3), bytes };
}
