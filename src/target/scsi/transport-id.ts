/**
 * iSCSI TransportIDs (SPC-4 §7.6.4.6): how PERSISTENT RESERVE commands name an initiator port. Format 1 names one port,
 * `NAME,i,0xISID`; format 0 names the initiator, that is all its ports.
 */

const iscsiProtocol = 0x05;
const headerBytes = 4;
/** The shortest that the standard allows, its length field not counted in. */
const additionalBytesMin = 20;

/** A port by its full name, or all ports of an initiator. */
export type TransportId =
  | { readonly names: 'port'; readonly port: string }
  | { readonly names: 'initiator'; readonly initiator: string };

export function encodeTransportId(port: string): Uint8Array {
  const name = new TextEncoder().encode(port);
  // ended by a zero, padded to a multiple of four
  const additionalBytes = Math.max(additionalBytesMin, (name.byteLength + 4) & ~3);
  const id = new Uint8Array(headerBytes + additionalBytes);
  id[0] = 0x40 | iscsiProtocol;
  id[2] = additionalBytes >> 8;
  id[3] = additionalBytes & 0xff;
  id.set(name, headerBytes);
  return id;
}

/** Reads the TransportID at the start of `bytes`; undefined when it is none of iSCSI, or malformed. */
export function decodeTransportId(
  bytes: Uint8Array,
): { readonly id: TransportId; readonly lengthBytes: number } | undefined {
  if (bytes.byteLength < headerBytes + additionalBytesMin) return undefined;
  const [first = 0, , high = 0, low = 0] = bytes;
  const additionalBytes = (high << 8) | low;
  const lengthBytes = headerBytes + additionalBytes;
  const format = first >> 6;
  if ((first & 0x0f) !== iscsiProtocol || format > 1) return undefined;
  if (additionalBytes % 4 !== 0 || additionalBytes < additionalBytesMin || lengthBytes > bytes.byteLength)
    return undefined;
  const name = bytes.subarray(headerBytes, lengthBytes);
  const end = name.indexOf(0);
  if (end <= 0) return undefined;
  const text = new TextDecoder().decode(name.subarray(0, end));
  if (format === 0) return { id: { names: 'initiator', initiator: text.toLowerCase() }, lengthBytes };
  const [, initiator, isid] = /^([^,]{1,223}),i,0x([0-9a-f]{12})$/i.exec(text) ?? [];
  if (initiator === undefined || isid === undefined) return undefined;
  const port = `${initiator.toLowerCase()},i,0x${isid.toLowerCase()}`;
  return { id: { names: 'port', port }, lengthBytes };
}
