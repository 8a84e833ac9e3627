/**
 * What a volume is called, the same for ever: all of it follows from its IQN, so that a target on another node, or after a
 * restart, is the same disk to every initiator (SPC-4 §7.8).
 */
import { createHash } from 'node:crypto';
import { scsiProduct, scsiVendor } from '../../shared/scsi-identity.ts';

export interface Identity {
  readonly iqn: string;
  readonly vendor: string;
  readonly product: string;
  /** 20 hexadecimal digits. */
  readonly serial: string;
  /** 16 bytes: NAA 6, our locally administered OUI, then 100 bits of hash. */
  readonly naa: Uint8Array;
}

/** Has the "locally administered" bit, so it can be nobody's registered OUI. */
const companyId = 0xca5cad;

export function identityOf(iqn: string): Identity {
  const hash = createHash('sha256').update(iqn.toLowerCase()).digest();
  const naa = new Uint8Array(hash.subarray(10, 26));
  naa[0] = 0x60 | (companyId >> 20);
  naa[1] = (companyId >> 12) & 0xff;
  naa[2] = (companyId >> 4) & 0xff;
  naa[3] = ((companyId & 0xf) << 4) | ((naa[3] ?? 0) & 0xf);
  return { iqn, vendor: scsiVendor, product: scsiProduct, serial: hash.toString('hex', 0, 10), naa };
}

/** ASCII, left-aligned, padded with spaces (SPC-4 §4.4.1). */
export function ascii(text: string, bytes: number): Uint8Array {
  return new TextEncoder().encode(text.slice(0, bytes).padEnd(bytes, ' '));
}
