/**
 * What somebody may have on a device: file systems, partition tables, volume managers, RAID members, swap, encryption
 * and storage pools, told by their magic numbers at the device's head and tail. A device with any of them belongs to
 * somebody: it is neither made part of a pool nor formatted unless a person says so.
 *
 * Where in doubt it says yes: a false alarm costs a question, a missed one somebody's data. Names are blkid's.
 */
export type SignatureKind =
  | 'filesystem'
  | 'partitionTable'
  | 'volumeManager'
  | 'raid'
  | 'swap'
  | 'encryption'
  | 'pool';

export interface Signature {
  readonly kind: SignatureKind;
  /** As `blkid` calls it: `ext4`, `LVM2_member`, `gpt`, …; our own pools are `caskade_pool`. */
  readonly type: string;
  /** For messages: `byte 1080` from the start, or `byte -4096` from the end. */
  readonly where: string;
}

/** How much of the start of a device must be read: min(size, this). */
export const signatureHeadBytes = 1024 * 1024;
/** How much of the end of a device must be read: min(size, this). */
export const signatureTailBytes = 1024 * 1024;

/** The first 16 bytes of each label of a Caskade pool; a label begins at a multiple of `poolLabelAlignBytes`. */
export const poolLabelMagic = 'CASKADE-POOL\0\0\0\0';
export const poolLabelAlignBytes = 4096;
export const poolSignatureType = 'caskade_pool';

/** One magic number. `at` counts from the start of the head, or back from the end of the tail when negative. */
interface Magic {
  readonly kind: SignatureKind;
  readonly type: string;
  readonly at: readonly number[];
  readonly bytes: Uint8Array;
  /** Believed only when nothing stronger is there: the magic is two bytes long. */
  readonly weak?: true;
  /** A second look at the same place, where the magic is short. */
  readonly when?: (view: DataView, at: number) => boolean;
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (byte) => Number.parseInt(byte, 16));
const KiB = 1024;
const multiples = (stepBytes: number, from: number, to: number): number[] =>
  Array.from({ length: Math.floor((to - from) / stepBytes) }, (_, i) => from + i * stepBytes);
const pageEnds = [4, 8, 16, 32, 64].map((page) => page * KiB - 10);
const isLvm2 = (view: DataView, at: number): boolean => holds(view, at + 24, ascii('LVM2 001'));
const isFatBootSector = (view: DataView): boolean => {
  const sectorBytes = view.getUint16(11, true);
  const media = view.getUint8(21);
  return [512, 1024, 2048, 4096].includes(sectorBytes) && view.getUint8(16) > 0 && media >= 0xf0;
};

// prettier-ignore
const magics: readonly Magic[] = [
  // pools
  { kind: 'pool', type: poolSignatureType, bytes: ascii(poolLabelMagic),
    at: [...multiples(poolLabelAlignBytes, 0, signatureHeadBytes), ...multiples(poolLabelAlignBytes, -signatureTailBytes, 0)] },
  // a ring of roots in each of ZFS's four labels; sizes that are no multiple of 256 KiB shift those of the tail
  ...['0cb1ba0000000000', '0000000000bab10c'].map((bytes): Magic => ({ kind: 'pool', type: 'zfs_member', bytes: hex(bytes),
    at: [...multiples(KiB, 128 * KiB, 256 * KiB), ...multiples(KiB, 384 * KiB, 512 * KiB), ...multiples(512, -signatureTailBytes, 0)] })),
  { kind: 'pool', type: 'ceph_bluestore', at: [0], bytes: ascii('bluestore block device') },
  { kind: 'pool', type: 'stratis', at: [516, 4612], bytes: ascii('!Stra0tis\x86\xff\x02^\x41rh') },
  { kind: 'pool', type: 'spdk_blobstore', at: [0], bytes: ascii('SPDKBLOB') },
  { kind: 'pool', type: 'oracleasm', at: [32], bytes: ascii('ORCLDISK') },

  // encryption
  { kind: 'encryption', type: 'crypto_LUKS', at: [0], bytes: hex('4c 55 4b 53 ba be') },
  { kind: 'encryption', type: 'crypto_LUKS', at: [16, 32, 64, 128, 256, 512].map((n) => n * KiB), bytes: hex('53 4b 55 4c ba be') },
  { kind: 'encryption', type: 'BitLocker', at: [3], bytes: ascii('-FVE-FS-') },

  // RAID members
  { kind: 'raid', type: 'linux_raid_member', at: [0, 4096, ...multiples(512, -16 * KiB, 0)], bytes: hex('fc 4e 2b a9 01 00 00 00') },
  { kind: 'raid', type: 'linux_raid_member', at: multiples(512, -128 * KiB, -64 * KiB + 512), bytes: hex('fc 4e 2b a9 00 00 00 00 5a 00 00 00') },
  { kind: 'raid', type: 'linux_raid_member', at: multiples(512, -128 * KiB, -64 * KiB + 512), bytes: hex('a9 2b 4e fc 00 00 00 00 00 00 00 5a') },
  { kind: 'raid', type: 'isw_raid_member', at: [-1024], bytes: ascii('Intel Raid ISM Cfg Sig. ') },
  { kind: 'raid', type: 'ddf_raid_member', at: [-512], bytes: hex('de 11 de 11') },
  { kind: 'raid', type: 'ddf_raid_member', at: [-512], bytes: hex('11 de 11 de') },
  { kind: 'raid', type: 'drbd', at: [-4096 + 60], bytes: hex('83 74 02 6b') },
  { kind: 'raid', type: 'drbd', at: [-4096 + 60], bytes: hex('83 74 02 6c') },
  { kind: 'raid', type: 'drbd', at: [-4096 + 60], bytes: hex('83 74 02 6d') },

  // volume managers
  { kind: 'volumeManager', type: 'LVM2_member', at: [0, 512, 1024, 1536], bytes: ascii('LABELONE'), when: isLvm2 },
  { kind: 'volumeManager', type: 'LVM1_member', at: [0], bytes: hex('48 4d 01 00') },
  { kind: 'volumeManager', type: 'LVM1_member', at: [0], bytes: hex('48 4d 02 00') },
  { kind: 'volumeManager', type: 'bcache', at: [4096 + 24], bytes: hex('c68573f6 4e1a45ca 8265f57f 48ba6d81') },
  { kind: 'volumeManager', type: 'vdo', at: [0], bytes: ascii('dmvdo001') },
  { kind: 'volumeManager', type: 'drbdmanage_control_volume', at: [0], bytes: ascii('$DRBDmgr=q') },

  // file systems
  { kind: 'filesystem', type: 'ext', at: [1080], bytes: hex('53 ef') },
  { kind: 'filesystem', type: 'xfs', at: [0], bytes: ascii('XFSB') },
  { kind: 'filesystem', type: 'xfs_external_log', at: [0], bytes: hex('fe ed ba be') },
  { kind: 'filesystem', type: 'btrfs', at: [64 * KiB + 64], bytes: ascii('_BHRfS_M') },
  { kind: 'filesystem', type: 'bcachefs', at: [4096 + 24], bytes: hex('c68573f6 66ce90a9 d96a60cf 803df7ef') },
  { kind: 'filesystem', type: 'ntfs', at: [3], bytes: ascii('NTFS    ') },
  { kind: 'filesystem', type: 'exfat', at: [3], bytes: ascii('EXFAT   ') },
  { kind: 'filesystem', type: 'ReFS', at: [3], bytes: ascii('ReFS\0\0\0\0') },
  { kind: 'filesystem', type: 'vfat', at: [0x52], bytes: ascii('MSWIN') },
  { kind: 'filesystem', type: 'vfat', at: [0x52], bytes: ascii('FAT32   ') },
  { kind: 'filesystem', type: 'vfat', at: [0x36], bytes: ascii('MSDOS') },
  { kind: 'filesystem', type: 'vfat', at: [0x36], bytes: ascii('FAT16   ') },
  { kind: 'filesystem', type: 'vfat', at: [0x36], bytes: ascii('FAT12   ') },
  { kind: 'filesystem', type: 'vfat', at: [0x36], bytes: ascii('FAT     ') },
  { kind: 'filesystem', type: 'vfat', at: [510], bytes: hex('55 aa'), weak: true, when: isFatBootSector },
  { kind: 'filesystem', type: 'iso9660', at: [32769], bytes: ascii('CD001') },
  { kind: 'filesystem', type: 'iso9660', at: [32777], bytes: ascii('CDROM') },
  ...['BEA01', 'NSR02', 'NSR03'].map((id): Magic => ({ kind: 'filesystem', type: 'udf', bytes: ascii(id),
    at: [...multiples(2 * KiB, 32769, 64 * KiB), 32769 + 4096] })),
  { kind: 'filesystem', type: 'f2fs', at: [1024], bytes: hex('10 20 f5 f2') },
  { kind: 'filesystem', type: 'nilfs2', at: [1024 + 6], bytes: hex('34 34'), when: (view, at) => view.getUint32(at - 6, true) === 2 },
  { kind: 'filesystem', type: 'reiserfs', at: [8 * KiB + 52, 64 * KiB + 52], bytes: ascii('ReIsErFs') },
  { kind: 'filesystem', type: 'reiserfs', at: [8 * KiB + 52, 64 * KiB + 52], bytes: ascii('ReIsEr2Fs') },
  { kind: 'filesystem', type: 'reiserfs', at: [8 * KiB + 52, 64 * KiB + 52], bytes: ascii('ReIsEr3Fs') },
  { kind: 'filesystem', type: 'reiser4', at: [64 * KiB], bytes: ascii('ReIsEr4') },
  { kind: 'filesystem', type: 'jfs', at: [32 * KiB], bytes: ascii('JFS1') },
  { kind: 'filesystem', type: 'ocfs2', at: [1, 2, 4, 8].map((n) => n * KiB), bytes: ascii('OCFSV2') },
  { kind: 'filesystem', type: 'gfs2', at: [64 * KiB], bytes: hex('01 16 19 70') },
  { kind: 'filesystem', type: 'squashfs', at: [0], bytes: ascii('hsqs') },
  { kind: 'filesystem', type: 'squashfs', at: [0], bytes: ascii('sqsh') },
  { kind: 'filesystem', type: 'erofs', at: [1024], bytes: hex('e2 e1 f5 e0') },
  { kind: 'filesystem', type: 'cramfs', at: [0], bytes: hex('45 3d cd 28') },
  { kind: 'filesystem', type: 'cramfs', at: [0], bytes: hex('28 cd 3d 45') },
  { kind: 'filesystem', type: 'romfs', at: [0], bytes: ascii('-rom1fs-') },
  { kind: 'filesystem', type: 'bfs', at: [0], bytes: hex('ce fa ad 1b') },
  { kind: 'filesystem', type: 'apfs', at: [32], bytes: ascii('NXSB') },
  ...['H+', 'HX', 'BD'].map((id): Magic => ({ kind: 'filesystem', type: id === 'BD' ? 'hfs' : 'hfsplus', at: [1024], bytes: ascii(id), weak: true })),
  ...['54190100', '00011954', '19015419', '19540119'].map((id): Magic => ({ kind: 'filesystem', type: 'ufs', bytes: hex(id),
    at: [0, 8, 64, 256].map((n) => n * KiB + 1372) })),
  ...['7f13', '8f13', '6824', '7824', '137f', '138f', '2468', '2478'].map((id): Magic => ({ kind: 'filesystem', type: 'minix', at: [1040], bytes: hex(id), weak: true })),
  ...['5a4d', '4d5a'].map((id): Magic => ({ kind: 'filesystem', type: 'minix', at: [1048], bytes: hex(id), weak: true })),

  // swap, and a sleeping system in it
  ...['SWAPSPACE2', 'SWAP-SPACE'].map((id): Magic => ({ kind: 'swap', type: 'swap', at: pageEnds, bytes: ascii(id) })),
  ...['S1SUSPEND', 'S2SUSPEND', 'ULSUSPEND', 'LINHIB0001'].map((id): Magic => ({ kind: 'swap', type: 'swsuspend', at: pageEnds, bytes: ascii(id) })),

  // partition tables
  { kind: 'partitionTable', type: 'gpt', at: [512, 4096, -512, -4096], bytes: ascii('EFI PART') },
  { kind: 'partitionTable', type: 'mac', at: [512], bytes: ascii('PM\0\0'), when: (view) => holds(view, 0, ascii('ER')) },
  { kind: 'partitionTable', type: 'sgi', at: [0], bytes: hex('0b e5 a9 41') },
  { kind: 'partitionTable', type: 'bsd', at: [64, 512], bytes: hex('57 45 56 82') },
  { kind: 'partitionTable', type: 'sun', at: [508], bytes: hex('da be'), weak: true },
  { kind: 'partitionTable', type: 'dos', at: [510], bytes: hex('55 aa'), weak: true },
];

/** The first of these is what a person would call the device: the layers above come with it. */
const kindsByWeight: readonly SignatureKind[] = [
  'pool',
  'encryption',
  'raid',
  'volumeManager',
  'filesystem',
  'swap',
  'partitionTable',
];

function holds(view: DataView, at: number, bytes: Uint8Array): boolean {
  if (at < 0 || at + bytes.byteLength > view.byteLength) return false;
  for (let i = 0; i < bytes.byteLength; i++) if (view.getUint8(at + i) !== bytes[i]) return false;
  return true;
}

/** ext2, ext3 and ext4 share a magic and differ in feature bits; a device with an external journal is `jbd`. */
function extType(head: DataView): string {
  const superblock = 1024;
  if (head.byteLength < superblock + 104) return 'ext2';
  const compatible = head.getUint32(superblock + 92, true);
  const incompatible = head.getUint32(superblock + 96, true);
  const readOnly = head.getUint32(superblock + 100, true);
  const journalDevice = 0x8;
  const knownToExt3 = { incompatible: 0x2 | 0x4 | 0x10, readOnly: 0x1 | 0x2 | 0x4 };
  if ((incompatible & journalDevice) !== 0) return 'jbd';
  if ((incompatible & ~knownToExt3.incompatible) !== 0 || (readOnly & ~knownToExt3.readOnly) !== 0)
    return 'ext4';
  return (compatible & 0x4) !== 0 ? 'ext3' : 'ext2';
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function find(magic: Magic, head: DataView, tail: DataView): Signature | undefined {
  for (const at of magic.at) {
    const [view, offset] = at < 0 ? [tail, tail.byteLength + at] : [head, at];
    if (!holds(view, offset, magic.bytes) || magic.when?.(view, offset) === false) continue;
    return { kind: magic.kind, type: magic.type === 'ext' ? extType(head) : magic.type, where: `byte ${at}` };
  }
  return undefined;
}

/**
 * Everything that is recognised, the most telling first. `head` is the device's first `signatureHeadBytes` and `tail`
 * its last `signatureTailBytes`, both the whole device where that is smaller. Shorter ones are searched as far as
 * they go.
 */
export function detectSignatures(head: Uint8Array, tail: Uint8Array): readonly Signature[] {
  const [headView, tailView] = [viewOf(head), viewOf(tail)];
  const search = (weak: boolean) =>
    magics
      .filter((magic) => (magic.weak === true) === weak)
      .map((magic) => find(magic, headView, tailView))
      .filter((found) => found !== undefined);
  const strong = search(false);
  const found = strong.length > 0 ? strong : search(true);
  const seen = new Set<string>();
  return found
    .toSorted((a, b) => kindsByWeight.indexOf(a.kind) - kindsByWeight.indexOf(b.kind))
    .filter(({ type }) => !seen.has(type) && seen.add(type) !== undefined);
}

/** What the device is, or undefined when nothing known is on it. See `detectSignatures`. */
export const detectSignature = (head: Uint8Array, tail: Uint8Array): Signature | undefined =>
  detectSignatures(head, tail)[0];
