/** INQUIRY: standard data and vital product data (SPC-4 §6.6, §7.8; SBC-3 §6.6). */
import { blockLimits, sectorBytes } from './block-limits.ts';
import type { Volume } from '../volume.ts';
import { atomicSectors } from './atomic-write.ts';
import type { Cdb } from './cdb.ts';
import { ascii, type Identity } from './identity.ts';
import { provisioningVpdPage } from './provisioning.ts';
import { badField } from './sense.ts';
import { answer, type ScsiResult } from './status.ts';
import { thirdPartyCopyPage } from './third-party-copy-page.ts';

/** SAM-5, SPC-4, SBC-3, iSCSI (SPC-4 table 148). */
const versionDescriptors = [0x00a0, 0x0460, 0x04c0, 0x0960];
const noSuchUnit = 0x7f;

function standardData(identity: Identity): Uint8Array {
  const data = new Uint8Array(96);
  const view = new DataView(data.buffer);
  data[2] = 0x06; // SPC-4
  data[3] = 0x12; // HISUP, response data format 2
  data[4] = data.byteLength - 5;
  data[5] = 0x18; // TPGS: implicit asymmetric access; 3PC: EXTENDED COPY
  data[7] = 0x02; // CMDQUE
  data.set(ascii(identity.vendor, 8), 8);
  data.set(ascii(identity.product, 16), 16);
  data.set(ascii('0001', 4), 32);
  for (const [index, version] of versionDescriptors.entries()) view.setUint16(58 + 2 * index, version);
  return data;
}

const page = (code: number, body: Uint8Array): Uint8Array =>
  Uint8Array.from([0, code, body.byteLength >> 8, body.byteLength & 0xff, ...body]);

const codeSet = { binary: 1, ascii: 2, utf8: 3 } as const;
const association = { unit: 0, port: 1, device: 2 } as const;
/** A designation descriptor (§7.8.6.1); 0x50 is the protocol identifier of iSCSI. */
function designator(association: number, type: number, codeSet: number, name: Uint8Array): readonly number[] {
  const protocol = association === 0 ? 0 : 0x80;
  return [
    association === 0 ? codeSet : 0x50 | codeSet,
    protocol | (association << 4) | type,
    0,
    name.byteLength,
    ...name,
  ];
}

/** A SCSI name string: UTF-8, ended and padded by zeros to a multiple of four (§7.8.6.11). */
function nameString(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array((bytes.byteLength + 4) & ~3);
  padded.set(bytes);
  return padded;
}

/** No SCSI name string for the unit: Linux would take it for the WWID instead of the NAA name. */
function deviceIdentification({ iqn, naa, vendor, product, serial }: Identity): Uint8Array {
  const vendorId = new TextEncoder().encode(`${vendor.padEnd(8)}${product.padEnd(16)}${serial}`);
  return Uint8Array.from([
    ...designator(association.unit, 3, codeSet.binary, naa),
    ...designator(association.unit, 1, codeSet.ascii, vendorId),
    ...designator(association.port, 8, codeSet.utf8, nameString(`${iqn},t,0x0001`)),
    ...designator(association.port, 4, codeSet.binary, Uint8Array.of(0, 0, 0, 1)),
    ...designator(association.port, 5, codeSet.binary, Uint8Array.of(0, 0, 0, 1)),
    ...designator(association.device, 8, codeSet.utf8, nameString(iqn)),
  ]);
}

function extendedInquiry(): Uint8Array {
  const body = new Uint8Array(60);
  body[1] = 0x07; // HEADSUP, ORDSUP, SIMPSUP
  body[2] = 0x01; // V_SUP: there is a volatile cache
  body[3] = 0x01; // LUICLR: a unit attention is kept per nexus
  return body;
}

function blockLimitsPage(_identity: Identity, { atomicBytesMax = 0 }: Shown): Uint8Array {
  const body = new Uint8Array(60);
  const view = new DataView(body.buffer);
  body[0] = 0x01; // WSNZ: WRITE SAME of no blocks is refused
  body[1] = blockLimits.compareSectorsMax;
  view.setUint16(2, 8); // optimal granularity: a physical block
  view.setUint32(4, blockLimits.transferSectorsMax);
  view.setUint32(8, blockLimits.transferSectorsBest);
  view.setUint32(12, blockLimits.transferSectorsMax); // prefetch
  view.setUint32(16, blockLimits.unmapSectorsMax);
  view.setUint32(20, blockLimits.unmapDescriptorsMax);
  view.setUint32(24, 8); // optimal unmap granularity
  view.setUint32(28, 0x8000_0000); // alignment 0, valid
  view.setUint32(36, blockLimits.writeSameSectorsMax);
  if (atomicBytesMax > 0) {
    view.setUint32(40, Math.min(atomicBytesMax / sectorBytes, blockLimits.transferSectorsMax));
    view.setUint32(44, atomicSectors); // alignment
    view.setUint32(48, atomicSectors); // granularity
  }
  return body;
}

function characteristics(): Uint8Array {
  const body = new Uint8Array(60);
  body[1] = 1; // no rotating medium
  return body;
}

/** What pages tell of a volume. */
type Shown = Pick<Volume, 'atomicBytesMax' | 'space'>;

const pages: ReadonlyMap<number, (identity: Identity, volume: Shown) => Uint8Array> = new Map([
  [0x00, () => Uint8Array.from(pages.keys())],
  [0x80, ({ serial }) => ascii(serial, serial.length)],
  [0x83, deviceIdentification],
  [0x86, extendedInquiry],
  [0x8f, thirdPartyCopyPage],
  [0xb0, blockLimitsPage],
  [0xb1, characteristics],
  [0xb2, (_identity, { space }) => provisioningVpdPage(space)],
]);

/** `volume`: undefined for a LUN that is not ours, which answers "nothing here", which is no error (SPC-4 §6.6.2). */
export function inquiry(cdb: Cdb, identity: Identity, volume: Shown | undefined): ScsiResult {
  const allocation = cdb.u16(3);
  const [vital, code] = [cdb.bit(1, 0), cdb.u8(2)];
  if (!vital && code !== 0) throw badField(2, 7);
  if ((cdb.u8(1) & 0xfe) !== 0) throw badField(1);
  const data = vital ? vitalProductData(code, identity, volume ?? {}) : standardData(identity);
  if (volume === undefined) data[0] = noSuchUnit;
  return answer(data, allocation);
}

function vitalProductData(code: number, identity: Identity, volume: Shown): Uint8Array {
  const make = pages.get(code);
  if (make === undefined) throw badField(2, 7);
  return page(code, make(identity, volume));
}
