/**
 * Bytes to PDUs, in any chunking. Each length is checked before a byte is kept for it; data segments are copied once, from
 * the chunk into memory of exactly their size, so the chunk may be reused as soon as `push` is through with it.
 */
import { noDigests, digestBytes, type Crc32c, type Digests } from './digest.ts';
import { ProtocolError, rejectReason } from './errors.ts';
import { bhsBytes, initiatorPdu, type InitiatorPdu } from './pdu.ts';

const none = new Uint8Array(0);
const kinds = new Map(
  Object.entries(initiatorPdu).map(([kind, row]) => [row.opcode, { kind, decode: row.decode }]),
);

const roundUp4 = (bytes: number) => (bytes + 3) & ~3;
/** Below it, a cleared array is cheaper than one of uncleared memory. */
const smallBytes = 512;
/** Need not be cleared: every byte is overwritten before anybody sees it. */
function room(bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes === 0) return none;
  return bytes <= smallBytes ? new Uint8Array(bytes) : new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

/** The three parts of a PDU, each collected to its exact length before the next is begun. */
type Part = 'bhs' | 'additional' | 'data';

export class PduDecoder {
  /** Set by the session: from the next PDU on. */
  digests: Digests = noDigests;
  readonly #dataSegmentBytesMax: number;
  readonly #crc32c: Crc32c;
  #part: Part = 'bhs';
  #bhs = none;
  #additional = none;
  #dataBytes = 0;
  #filling = room(bhsBytes);
  #filled = 0;

  constructor(options: { readonly dataSegmentBytesMax: number; readonly crc32c: Crc32c }) {
    this.#dataSegmentBytesMax = options.dataSegmentBytesMax;
    this.#crc32c = options.crc32c;
  }

  /**
   * How many bytes the PDU has whose header is at `at`: between PDUs, `push` makes one of them. Of one that is too long
   * only the header is told of, for which `push` throws.
   */
  lengthAt(header: DataView, at: number): number {
    const { header: hasHeader, data: hasData } = this.digests;
    const dataBytes = header.getUint32(at + 4) & 0xff_ffff;
    const headerBytes = bhsBytes + header.getUint8(at + 4) * 4 + (hasHeader ? digestBytes : 0);
    if (dataBytes === 0 || dataBytes > this.#dataSegmentBytesMax) return headerBytes;
    return headerBytes + roundUp4(dataBytes) + (hasData ? digestBytes : 0);
  }

  /** Throws ProtocolError; the stream is lost then. The generator must be run to its end. */
  *push(chunk: Uint8Array): Generator<InitiatorPdu> {
    let at = 0;
    for (;;) {
      const take = Math.min(this.#filling.byteLength - this.#filled, chunk.byteLength - at);
      if (take > 0) {
        this.#filling.set(
          at === 0 && take === chunk.byteLength ? chunk : chunk.subarray(at, at + take),
          this.#filled,
        );
        this.#filled += take;
        at += take;
      }
      if (this.#filled < this.#filling.byteLength) return;
      const pdu = this.#partComplete();
      if (pdu !== undefined) yield pdu;
    }
  }

  #partComplete(): InitiatorPdu | undefined {
    switch (this.#part) {
      case 'bhs': {
        this.#bhs = this.#filling;
        const additionalBytes = (this.#bhs[4] ?? 0) * 4 + (this.digests.header ? digestBytes : 0);
        this.#begin('additional', additionalBytes);
        return undefined;
      }
      case 'additional': {
        this.#additional = this.#filling;
        this.#checkHeader();
        this.#dataBytes = ((this.#bhs[5] ?? 0) << 16) | ((this.#bhs[6] ?? 0) << 8) | (this.#bhs[7] ?? 0);
        if (this.#dataBytes > this.#dataSegmentBytesMax) {
          const text = `data segment of ${this.#dataBytes} bytes, ${this.#dataSegmentBytesMax} were declared`;
          throw new ProtocolError(text, rejectReason.protocolError, this.#bhs);
        }
        const digest = this.digests.data && this.#dataBytes > 0 ? digestBytes : 0;
        this.#begin('data', roundUp4(this.#dataBytes) + digest);
        return undefined;
      }
      case 'data': {
        const data = this.#checkedData();
        const pdu = decode(this.#bhs, this.#additional, data);
        this.#begin('bhs', bhsBytes);
        return pdu;
      }
    }
  }

  #begin(part: Part, bytes: number): void {
    this.#part = part;
    this.#filling = room(bytes);
    this.#filled = 0;
  }

  #checkHeader(): void {
    if (!this.digests.header) return;
    const ahsBytes = this.#additional.byteLength - digestBytes;
    const ahs = this.#additional.subarray(0, ahsBytes);
    const computed = this.#crc32c(ahs, this.#crc32c(this.#bhs));
    if (computed !== wireDigest(this.#additional, ahsBytes))
      throw new ProtocolError('header digest mismatch');
    this.#additional = ahs;
  }

  #checkedData(): Uint8Array {
    const padded = roundUp4(this.#dataBytes);
    if (this.#filling.byteLength > padded) {
      if (this.#crc32c(this.#filling.subarray(0, padded)) !== wireDigest(this.#filling, padded))
        throw new ProtocolError('data digest mismatch', rejectReason.dataDigestError, this.#bhs);
    }
    return this.#filling.byteLength === this.#dataBytes
      ? this.#filling
      : this.#filling.subarray(0, this.#dataBytes);
  }
}

/** A digest travels least significant byte first. */
function wireDigest(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, digestBytes).getUint32(0, true);
}

function decode(bhs: Uint8Array, ahs: Uint8Array, data: Uint8Array): InitiatorPdu {
  const view = new DataView(bhs.buffer, bhs.byteOffset, bhsBytes);
  const first = view.getUint8(0);
  const frame = {
    bhs,
    ahs,
    data,
    immediate: (first & 0x40) !== 0,
    tag: view.getUint32(16),
    cmdSn: view.getUint32(24),
    expStatSn: view.getUint32(28),
  };
  const opcode = first & 0x3f;
  const row = kinds.get(opcode as never);
  if (row === undefined) return { ...frame, kind: 'unknown', opcode };
  // The table pairs each kind with its own layout; TypeScript can not follow that through the map.
  return { ...frame, kind: row.kind, ...row.decode(view) } as InitiatorPdu;
}
