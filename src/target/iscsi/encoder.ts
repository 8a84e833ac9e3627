/** PDUs to bytes. */
import { noDigests, digestBytes, type Crc32c, type Digests } from './digest.ts';
import { bhsBytes, targetPdu, type TargetPdu } from './pdu.ts';

type Encode = (bhs: DataView, pdu: TargetPdu) => void;

export class PduEncoder {
  /** Set by the session: from the next PDU on. */
  digests: Digests = noDigests;
  readonly #crc32c: Crc32c;

  constructor(options: { readonly crc32c: Crc32c }) {
    this.#crc32c = options.crc32c;
  }

  /** The pieces to send, in order. The data segment is passed on by reference, not copied. */
  encode(pdu: TargetPdu): readonly Uint8Array[] {
    const header = this.#header(pdu);
    const data = pdu.data;
    if (data === undefined || data.byteLength === 0) return [header];
    const padding = -data.byteLength & 3;
    if (padding === 0 && !this.digests.data) return [header, data];
    const trailer = new Uint8Array(padding + (this.digests.data ? digestBytes : 0));
    if (this.digests.data) {
      const digest = this.#crc32c(trailer.subarray(0, padding), this.#crc32c(data));
      new DataView(trailer.buffer).setUint32(padding, digest, true);
    }
    return [header, data, trailer];
  }

  #header(pdu: TargetPdu): Uint8Array {
    const header = new Uint8Array(bhsBytes + (this.digests.header ? digestBytes : 0));
    const view = new DataView(header.buffer);
    const row = targetPdu[pdu.kind];
    view.setUint8(0, row.opcode);
    const dataBytes = pdu.data?.byteLength ?? 0;
    view.setUint8(5, dataBytes >> 16);
    view.setUint16(6, dataBytes & 0xffff);
    view.setUint32(16, pdu.tag);
    view.setUint32(24, pdu.statSn);
    view.setUint32(28, pdu.expCmdSn);
    view.setUint32(32, pdu.maxCmdSn);
    // The table pairs each kind with its own layout; TypeScript can not follow that through the index.
    (row.encode as Encode)(view, pdu);
    if (this.digests.header) view.setUint32(bhsBytes, this.#crc32c(header.subarray(0, bhsBytes)), true);
    return header;
  }
}
