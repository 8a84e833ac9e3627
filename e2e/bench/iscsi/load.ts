/**
 * An initiator that does nothing but load: one session, requests prepared in place, one write to the socket per turn of the
 * event loop. libiscsi and QEMU saturate long before a target does. Every answer's status is looked at, data is not.
 */
import { connect, type Socket } from 'node:net';
import {
  crc32c,
  final,
  frame,
  Header,
  immediate,
  noTag,
  pairsOf,
  Reader,
  textOf,
} from '../../initiator/wire.ts';

export interface Load {
  readonly write: boolean;
  readonly bytes: number;
  readonly depth: number;
  readonly seconds: number;
  /** Header and data digests. */
  readonly digests?: boolean;
}
export interface LoadResult {
  readonly perSecond: number;
  readonly operations: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}
export interface Unit {
  readonly address: string;
  readonly iqn: string;
  readonly lun: number;
}

const receiveBytes = 1 << 20;
const slabBytes = 8 << 20;
/** Requests go round a span of the unit that fits every cache alike. */
const spanBytes = 64 << 20;
const latenciesMax = 1 << 20;
const segmentBytesMax = 262_144;

export function runLoad(unit: Unit, load: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => new LoadSession(unit, load, resolve, reject));
}

class LoadSession {
  readonly #load: Load;
  readonly #lun: number;
  readonly #socket: Socket;
  readonly #resolve: (result: LoadResult) => void;
  readonly #reject: (error: Error) => void;
  readonly #data: Buffer;
  readonly #dataDigest: number;
  #agreed = new Map<string, string>();
  #loggedIn = false;
  #loginReader = new Reader();
  #cmdSn = 1;
  #next = 0;
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  #fill = 0;
  #scheduled = false;
  readonly #startedMs: Float64Array;
  readonly #latenciesMs = new Float64Array(latenciesMax);
  #done = 0;
  #running = 0;
  #fromMs = 0;
  #untilMs = Infinity;
  // the answer being read: its header, and how much of its data is still to come
  readonly #header = Buffer.alloc(52);
  #headerFill = 0;
  #skip = 0;

  constructor(
    { address, iqn, lun }: Unit,
    load: Load,
    resolve: (result: LoadResult) => void,
    reject: (error: Error) => void,
  ) {
    this.#load = load;
    this.#lun = lun;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#startedMs = new Float64Array(load.depth + 1);
    this.#data = Buffer.alloc(load.bytes, 0x5a);
    this.#dataDigest = load.digests === true && load.write ? crc32c(this.#data) : 0;
    const cut = address.lastIndexOf(':');
    this.#socket = connect({
      host: address.slice(0, cut),
      port: Number(address.slice(cut + 1)),
      onread: {
        buffer: Buffer.allocUnsafeSlow(receiveBytes),
        callback: (bytes, buffer) => {
          this.#onBytes(Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
          return true;
        },
      },
    });
    this.#socket.setNoDelay(true);
    this.#socket.once('error', reject);
    this.#socket.once('close', () => reject(new Error('the target closed the connection')));
    this.#login(iqn);
  }

  #login(iqn: string): void {
    const digest = this.#load.digests === true ? 'CRC32C' : 'None';
    const keys = {
      InitiatorName: 'iqn.2016-09.com.openebs.csi:bench',
      SessionType: 'Normal',
      TargetName: iqn,
      HeaderDigest: digest,
      DataDigest: digest,
      InitialR2T: 'No',
      ImmediateData: 'Yes',
      MaxRecvDataSegmentLength: String(segmentBytesMax),
      MaxBurstLength: '262144',
      FirstBurstLength: '262144',
      MaxOutstandingR2T: '1',
    };
    const header = new Header(0x03 | immediate, final | (1 << 2) | 3);
    header
      .u32(8, 0x8000_0000)
      .u16(12, process.pid & 0xffff)
      .u32(16, 1)
      .u32(24, this.#cmdSn);
    this.#socket.write(frame(header, textOf(keys), { header: false, data: false }));
  }

  #onBytes(bytes: Buffer): void {
    if (this.#loggedIn) return this.#read(bytes);
    for (const pdu of this.#loginReader.push(bytes)) {
      if (pdu.view.getUint16(36) !== 0) return this.#reject(new Error('the login was refused'));
      for (const [key, value] of pairsOf(pdu.data)) this.#agreed.set(key, value);
      this.#loggedIn = true;
    }
    // Unit attentions are taken by a few commands that do nothing.
    if (this.#loggedIn) this.#startNothing();
  }

  #attentions = 4;
  #startNothing(): void {
    const header = this.#command(1, 0x80 | 1, 0);
    header.fill(0, 32, 48);
    this.#seal(header);
    this.#running = 1;
  }

  #begin(): void {
    this.#fromMs = performance.now();
    this.#untilMs = this.#fromMs + this.#load.seconds * 1000;
    for (let tag = 1; tag <= this.#load.depth; tag++) this.#start(tag);
  }

  // ---- requests

  /** A header in the slab, with room for its digest. */
  #command(tag: number, flags: number, expectedBytes: number): Buffer {
    const header = this.#take(this.#load.digests === true ? 52 : 48);
    header.fill(0, 0, 48);
    header[0] = 0x01;
    header[1] = flags;
    header[9] = this.#lun;
    header.writeUInt32BE(tag, 16);
    header.writeUInt32BE(expectedBytes, 20);
    header.writeUInt32BE(this.#cmdSn, 24);
    this.#cmdSn = (this.#cmdSn + 1) >>> 0;
    return header;
  }

  #take(bytes: number): Buffer {
    if (this.#fill + bytes > slabBytes) this.#flush();
    const part = this.#slab.subarray(this.#fill, this.#fill + bytes);
    this.#fill += bytes;
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    }
    return part;
  }

  #seal(header: Buffer): void {
    if (this.#load.digests === true) header.writeUInt32LE(crc32c(header.subarray(0, 48)), 48);
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#fill === 0) return;
    this.#socket.write(this.#slab.subarray(0, this.#fill));
    // The kernel has all of it: the slab can be used again at once.
    if (this.#socket.writableLength > 0) this.#slab = Buffer.allocUnsafeSlow(slabBytes);
    this.#fill = 0;
  }

  #number(key: string, absent: number): number {
    const value = Number(this.#agreed.get(key) ?? absent);
    return Number.isNaN(value) ? absent : value;
  }

  #start(tag: number): void {
    const { write, bytes } = this.#load;
    this.#running += 1;
    this.#startedMs[tag] = performance.now();
    const atOnce = write ? this.#immediateBytes() : 0;
    const unsolicited = write ? Math.min(bytes, this.#number('FirstBurstLength', 65_536)) : 0;
    const more = unsolicited > atOnce && this.#agreed.get('InitialR2T') === 'No';
    const header = this.#command(tag, (more ? 0 : 0x80) | (write ? 0x20 : 0x40) | 1, bytes);
    header[5] = atOnce >> 16;
    header.writeUInt16BE(atOnce & 0xffff, 6);
    header[32] = write ? 0x2a : 0x28;
    // An odd stride: every place is met, none in order.
    this.#next = (this.#next + bytes * 7919) % spanBytes;
    header.writeUInt32BE(this.#next / 512, 34);
    header.writeUInt16BE(bytes / 512, 39);
    this.#seal(header);
    if (atOnce > 0) this.#putData(0, atOnce);
    if (more) this.#sendData(tag, noTag, atOnce, unsolicited);
  }

  #immediateBytes(): number {
    if (this.#agreed.get('ImmediateData') === 'No') return 0;
    const first = this.#number('FirstBurstLength', 65_536);
    return Math.min(this.#load.bytes, first, this.#number('MaxRecvDataSegmentLength', 8192));
  }

  #putData(from: number, to: number): void {
    this.#data.copy(this.#take(to - from), 0, from, to);
    if (this.#load.digests !== true) return;
    const whole = to - from === this.#data.byteLength;
    const digest = whole ? this.#dataDigest : crc32c(this.#data.subarray(from, to));
    this.#take(4).writeUInt32LE(digest);
  }

  #sendData(tag: number, transferTag: number, from: number, to: number): void {
    const segment = this.#number('MaxRecvDataSegmentLength', 8192);
    let dataSn = 0;
    for (let at = from; at < to; at += segment) {
      const end = Math.min(at + segment, to);
      const header = this.#take(this.#load.digests === true ? 52 : 48);
      header.fill(0, 0, 48);
      header[0] = 0x05;
      header[1] = end === to ? 0x80 : 0;
      header[5] = (end - at) >> 16;
      header.writeUInt16BE((end - at) & 0xffff, 6);
      header[9] = this.#lun;
      header.writeUInt32BE(tag, 16);
      header.writeUInt32BE(transferTag, 20);
      header.writeUInt32BE(dataSn++, 36);
      header.writeUInt32BE(at, 40);
      this.#seal(header);
      this.#putData(at, end);
    }
  }

  // ---- answers

  #read(bytes: Buffer): void {
    const headerBytes = this.#load.digests === true ? 52 : 48;
    for (let at = 0; at < bytes.byteLength;) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, bytes.byteLength - at);
        this.#skip -= step;
        at += step;
      } else {
        const step = Math.min(headerBytes - this.#headerFill, bytes.byteLength - at);
        bytes.copy(this.#header, this.#headerFill, at, at + step);
        this.#headerFill += step;
        at += step;
      }
      if (this.#headerFill < headerBytes) return;
      if (this.#skip === 0 && this.#counted) {
        this.#counted = false;
        this.#headerFill = 0;
        this.#onAnswer();
      } else if (!this.#counted) {
        const dataBytes = this.#header.readUIntBE(5, 3);
        this.#skip = dataBytes === 0 ? 0 : ((dataBytes + 3) & ~3) + (this.#load.digests === true ? 4 : 0);
        this.#counted = true;
        if (this.#skip > 0) continue;
        this.#counted = false;
        this.#headerFill = 0;
        this.#onAnswer();
      }
    }
  }
  /** The header is whole, and its data is being skipped. */
  #counted = false;

  #onAnswer(): void {
    const header = this.#header;
    const opcode = (header[0] ?? 0) & 0x3f;
    const tag = header.readUInt32BE(16);
    if (opcode === 0x21 || (opcode === 0x25 && ((header[1] ?? 0) & 1) !== 0))
      this.#finished(tag, header[3] ?? 0);
    else if (opcode === 0x31) {
      const from = header.readUInt32BE(40);
      this.#sendData(tag, header.readUInt32BE(20), from, from + header.readUInt32BE(44));
    } else if (opcode === 0x20 && tag === noTag) this.#answerPing(header.readUInt32BE(20));
    else if (opcode !== 0x25) this.#fail(`an answer of kind ${opcode}`);
  }

  #answerPing(transferTag: number): void {
    const header = this.#take(this.#load.digests === true ? 52 : 48);
    header.fill(0, 0, 48);
    header[0] = 0x00 | immediate;
    header[1] = final;
    header.writeUInt32BE(noTag, 16);
    header.writeUInt32BE(transferTag, 20);
    header.writeUInt32BE(this.#cmdSn, 24);
    this.#seal(header);
  }

  #finished(tag: number, status: number): void {
    this.#running -= 1;
    if (this.#attentions > 0) {
      this.#attentions -= 1;
      return this.#attentions > 0 ? this.#startNothing() : this.#begin();
    }
    if (status !== 0) return this.#fail(`status ${status}`);
    const nowMs = performance.now();
    if (this.#done < latenciesMax) this.#latenciesMs[this.#done] = nowMs - (this.#startedMs[tag] ?? nowMs);
    this.#done += 1;
    if (nowMs < this.#untilMs) this.#start(tag);
    else if (this.#running === 0) this.#end(nowMs);
    return undefined;
  }

  #fail(why: string): void {
    this.#socket.destroy();
    this.#reject(new Error(why));
  }

  #end(nowMs: number): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
    const sorted = this.#latenciesMs.subarray(0, Math.min(this.#done, latenciesMax)).toSorted();
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    const perSecond = (this.#done * 1000) / (nowMs - this.#fromMs);
    this.#resolve({ perSecond, operations: this.#done, p50Ms: at(0.5), p99Ms: at(0.99) });
  }
}
