/**
 * iSCSI on the wire, seen from the initiator: written from RFC 7143 §11 alone and on purpose without a line of the target's
 * own codec, so that the two can not be wrong together.
 */
export const headerBytes = 48;

/** Opcodes that an initiator sends; 0x40 marks an immediate command. */
export const request = {
  nopOut: 0x00,
  command: 0x01,
  taskManagement: 0x02,
  login: 0x03,
  text: 0x04,
  dataOut: 0x05,
  logout: 0x06,
} as const;
/** Opcodes that a target sends. */
export const reply = {
  nopIn: 0x20,
  response: 0x21,
  taskManagement: 0x22,
  login: 0x23,
  text: 0x24,
  dataIn: 0x25,
  logout: 0x26,
  readyToTransfer: 0x31,
  async: 0x32,
  reject: 0x3f,
} as const;
export const noTag = 0xffff_ffff;
export const immediate = 0x40;
export const final = 0x80;

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f6_3b78 : c >>> 1;
  return c;
});
/** CRC32C, one byte at a time. */
export function crc32c(...parts: readonly Uint8Array[]): number {
  let c = 0xffff_ffff;
  for (const part of parts) for (const byte of part) c = (table[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8);
  return ~c >>> 0;
}

/** A header to fill in: numbers by byte offset. */
export class Header {
  readonly bytes = new Uint8Array(headerBytes);
  readonly view = new DataView(this.bytes.buffer);
  constructor(opcode: number, flags: number) {
    this.bytes[0] = opcode;
    this.bytes[1] = flags;
  }
  u16(at: number, value: number): this {
    this.view.setUint16(at, value);
    return this;
  }
  u32(at: number, value: number): this {
    this.view.setUint32(at, value);
    return this;
  }
  /** Flat-space or peripheral addressing of a small LUN. */
  lun(lun: number): this {
    return this.u16(8, lun < 256 ? lun : 0x4000 | lun);
  }
}

export interface Digests {
  readonly header: boolean;
  readonly data: boolean;
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** The bytes of one PDU. */
export function frame(header: Header, data: Uint8Array, digests: Digests): Buffer {
  header.bytes[5] = data.byteLength >> 16;
  header.view.setUint16(6, data.byteLength & 0xffff);
  const parts: Uint8Array[] = [header.bytes];
  if (digests.header) parts.push(littleEndian(crc32c(header.bytes)));
  if (data.byteLength > 0) {
    const padding = new Uint8Array(-data.byteLength & 3);
    parts.push(data, padding);
    if (digests.data) parts.push(littleEndian(crc32c(data, padding)));
  }
  return Buffer.concat(parts);
}

export interface Pdu {
  readonly opcode: number;
  readonly flags: number;
  readonly header: Uint8Array;
  readonly view: DataView;
  readonly data: Uint8Array;
}

/** Takes whatever arrived, gives whole PDUs. Throws when a digest is wrong. */
export class Reader {
  digests: Digests = { header: false, data: false };
  #pending: Buffer = Buffer.alloc(0);

  push(chunk: Uint8Array): readonly Pdu[] {
    this.#pending =
      this.#pending.byteLength === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const pdus: Pdu[] = [];
    for (;;) {
      const pdu = this.#next();
      if (pdu === undefined) return pdus;
      pdus.push(pdu);
    }
  }

  #next(): Pdu | undefined {
    const bytes = this.#pending;
    if (bytes.byteLength < headerBytes) return undefined;
    const dataBytes = bytes.readUIntBE(5, 3);
    const headerEnd = headerBytes + (bytes[4] ?? 0) * 4;
    const dataAt = headerEnd + (this.digests.header ? 4 : 0);
    const padded = (dataBytes + 3) & ~3;
    const end = dataAt + padded + (this.digests.data && dataBytes > 0 ? 4 : 0);
    if (bytes.byteLength < end) return undefined;
    if (this.digests.header && crc32c(bytes.subarray(0, headerEnd)) !== bytes.readUInt32LE(headerEnd))
      throw new Error('header digest of the target is wrong');
    const body = bytes.subarray(dataAt, dataAt + padded);
    if (this.digests.data && dataBytes > 0 && crc32c(body) !== bytes.readUInt32LE(dataAt + padded))
      throw new Error('data digest of the target is wrong');
    this.#pending = bytes.subarray(end);
    const header = new Uint8Array(bytes.subarray(0, headerBytes));
    const view = new DataView(header.buffer);
    const data = new Uint8Array(body.subarray(0, dataBytes));
    return { opcode: (header[0] ?? 0) & 0x3f, flags: header[1] ?? 0, header, view, data };
  }
}

/** `key=value` pairs of a login or text segment. */
export function textOf(pairs: Readonly<Record<string, string>>): Uint8Array {
  return Buffer.from(
    Object.entries(pairs)
      .map(([key, value]) => `${key}=${value}\0`)
      .join(''),
  );
}
export function pairsOf(data: Uint8Array): readonly (readonly [string, string])[] {
  const items = Buffer.from(data).toString('utf8').split('\0');
  return items
    .filter((item) => item !== '')
    .map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)]);
}
