/** Blocks that tell what they are: each sector of 512 B carries seed, block, sequence number and its place, under a CRC. */
import { crc32c } from './wire.ts';

export const blockBytes = 4096;
const sectorBytes = 512;
const magic = 0xca5c_ad01;
const crcAt = sectorBytes - 4;

/** What block `block` holds after write number `sequence`. */
export function makeBlock(seed: number, block: number, sequence: number): Buffer {
  const bytes = Buffer.allocUnsafe(blockBytes);
  let mix = (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(block, 0x85eb_ca77) ^ sequence) >>> 0;
  for (let at = 0; at < blockBytes; at += 4) {
    mix = (Math.imul(mix, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(mix, at);
  }
  for (let sector = 0; sector < blockBytes / sectorBytes; sector++) {
    const at = sector * sectorBytes;
    bytes.writeUInt32LE(magic, at);
    bytes.writeUInt32LE(seed >>> 0, at + 4);
    bytes.writeUInt32LE(block, at + 8);
    bytes.writeUInt32LE(sequence, at + 12);
    bytes.writeUInt32LE(sector, at + 16);
    bytes.writeUInt32LE(crc32c(bytes.subarray(at, at + crcAt)), at + crcAt);
  }
  return bytes;
}

export type BlockContent =
  | { readonly what: 'written'; readonly sequence: number }
  | { readonly what: 'zeros' }
  /** Sectors of two writes in one block. */
  | { readonly what: 'torn'; readonly text: string }
  /** Not what anybody wrote here: another block, another seed, damaged. */
  | { readonly what: 'foreign'; readonly text: string };

export function readBlock(bytes: Uint8Array, seed: number, block: number): BlockContent {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sectors = Array.from({ length: blockBytes / sectorBytes }, (_, sector) =>
    sectorOf(view, sector, seed, block),
  );
  const first = sectors[0] ?? 'zeros';
  if (sectors.every((sector) => sector === first))
    return first === 'zeros'
      ? { what: 'zeros' }
      : typeof first === 'number'
        ? { what: 'written', sequence: first }
        : { what: 'foreign', text: first };
  const foreign = sectors.find((sector) => typeof sector === 'string' && sector !== 'zeros');
  const text = sectors.map(String).join(' ');
  return foreign === undefined ? { what: 'torn', text } : { what: 'foreign', text };
}

/** Its sequence number, `zeros`, or what is wrong with it. */
function sectorOf(view: Buffer, sector: number, seed: number, block: number): number | string {
  const bytes = view.subarray(sector * sectorBytes, (sector + 1) * sectorBytes);
  if (bytes.readUInt32LE(0) !== magic) return bytes.every((byte) => byte === 0) ? 'zeros' : 'unknown';
  if (bytes.readUInt32LE(crcAt) !== crc32c(bytes.subarray(0, crcAt))) return 'damaged';
  const [foundSeed, foundBlock, sequence, place] = [4, 8, 12, 16].map((at) => bytes.readUInt32LE(at));
  if (foundSeed !== seed >>> 0) return `seed-${foundSeed}`;
  if (foundBlock !== block) return `block-${foundBlock}`;
  if (place !== sector) return `sector-${place}`;
  return sequence ?? 'unknown';
}
