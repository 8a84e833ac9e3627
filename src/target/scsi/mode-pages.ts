/** MODE SENSE and MODE SELECT (SPC-4 §6.11-§6.14, §7.5; SBC-3 §6.5): caching, control and provisioning page. */
import type { Volume } from '../volume.ts';
import { sectorBytes } from './block-limits.ts';
import type { Cdb } from './cdb.ts';
import { provisioningModePage } from './provisioning.ts';
import { badField, CheckCondition } from './sense.ts';
import { answer, type ScsiResult } from './status.ts';

/** What MODE SELECT can change; kept until the next reset. */
export interface ModeState {
  /** D_SENSE: sense data in descriptor format. */
  descriptorSense: boolean;
  /** SWP: no writes. */
  writeProtected: boolean;
}
export const initialModeState = (): ModeState => ({ descriptorSense: false, writeProtected: false });

const pageControl = { current: 0, changeable: 1, default: 2, saved: 3 } as const;
const allPages = 0x3f;

const cachingCode = 0x08;
const controlCode = 0x0a;

/** WCE: acknowledged writes are durable after SYNCHRONIZE CACHE, or at once with FUA. Reads are cached. */
function cachingPage(): Uint8Array {
  const page = new Uint8Array(20);
  page[0] = cachingCode;
  page[1] = page.byteLength - 2;
  page[2] = 0x04;
  return page;
}
/** GLTSD; commands may be reordered (QUEUE ALGORITHM MODIFIER 1); no limit on how long a task set is busy. */
function controlPage(state: ModeState): Uint8Array {
  const page = new Uint8Array(12);
  page[0] = controlCode;
  page[1] = page.byteLength - 2;
  page[2] = 0x02 | (state.descriptorSense ? 0x04 : 0);
  page[3] = 0x10;
  page[4] = state.writeProtected ? 0x08 : 0;
  page[8] = page[9] = 0xff;
  return page;
}
const hasSubpage = (page: Uint8Array) => ((page[0] ?? 0) & 0x40) !== 0;
const codeOf = (page: Uint8Array) => (page[0] ?? 0) & 0x3f;
const subpageOf = (page: Uint8Array) => (hasSubpage(page) ? (page[1] ?? 0) : 0);
/** Page code and length, with a subpage code where there is one. */
const headBytesOf = (page: Uint8Array) => (hasSubpage(page) ? 4 : 2);

function pagesOf(control: number, state: ModeState, { space }: Shown): readonly Uint8Array[] {
  const pages = [
    cachingPage(),
    controlPage(control === pageControl.current ? state : initialModeState()),
    ...(space === undefined ? [] : [provisioningModePage(space)]),
  ];
  if (control !== pageControl.changeable) return pages;
  for (const page of pages) page.fill(0, headBytesOf(page));
  pages[1]?.set([0x04, 0, 0x08], 2);
  return pages;
}

/** Block descriptor: number of sectors and their size, short or long (LLBAA) form. */
function blockDescriptor(sizeBytes: number, long: boolean): Uint8Array {
  const sectors = sizeBytes / sectorBytes;
  const data = new DataView(new ArrayBuffer(long ? 16 : 8));
  if (long) {
    data.setUint32(0, Math.floor(sectors / 2 ** 32));
    data.setUint32(4, sectors >>> 0);
    data.setUint32(12, sectorBytes);
  } else {
    data.setUint32(0, Math.min(sectors, 0xffff_ffff));
    data.setUint32(4, sectorBytes);
  }
  return new Uint8Array(data.buffer);
}

function selectedPages(cdb: Cdb, state: ModeState, volume: Shown): readonly Uint8Array[] {
  const [control, code, subpage] = [cdb.u8(2) >> 6, cdb.u8(2) & 0x3f, cdb.u8(3)];
  if (control === pageControl.saved) throw new CheckCondition('savingNotSupported');
  const everySubpage = subpage === 0xff;
  const ofCode = pagesOf(control, state, volume).filter((page) => code === allPages || codeOf(page) === code);
  if (ofCode.length === 0) throw badField(2, 5);
  const pages = ofCode.filter((page) => everySubpage || subpageOf(page) === subpage);
  if (pages.length === 0) throw badField(3);
  return pages;
}

/** What of a volume is told here. */
type Shown = Pick<Volume, 'sizeBytes' | 'readOnly' | 'space'>;
/** WP and DPOFUA. */
const parameter = (state: ModeState, { readOnly = false }: Shown) =>
  (state.writeProtected || readOnly ? 0x80 : 0) | 0x10;

export function modeSense6(cdb: Cdb, state: ModeState, volume: Shown): ScsiResult {
  const pages = selectedPages(cdb, state, volume);
  const descriptor = cdb.bit(1, 3) ? new Uint8Array(0) : blockDescriptor(volume.sizeBytes, false);
  const body = Buffer.concat([descriptor, ...pages]);
  const header = [body.byteLength + 3, 0, parameter(state, volume), descriptor.byteLength];
  return answer(Uint8Array.from([...header, ...body]), cdb.u8(4));
}

export function modeSense10(cdb: Cdb, state: ModeState, volume: Shown): ScsiResult {
  const pages = selectedPages(cdb, state, volume);
  const long = cdb.bit(1, 4);
  const descriptor = cdb.bit(1, 3) ? new Uint8Array(0) : blockDescriptor(volume.sizeBytes, long);
  const body = Buffer.concat([descriptor, ...pages]);
  const size = body.byteLength + 6;
  const header = [
    size >> 8,
    size & 0xff,
    0,
    parameter(state, volume),
    long ? 1 : 0,
    0,
    0,
    descriptor.byteLength,
  ];
  return answer(Uint8Array.from([...header, ...body]), cdb.u16(7));
}

const badList = (byte: number) => new CheckCondition('invalidFieldInList', { field: { inCdb: false, byte } });

/** Applies a parameter list: the pages as MODE SENSE shows them, changed at most where that is allowed. */
export function modeSelect(
  cdb: Cdb,
  list: Uint8Array,
  state: ModeState,
  { ten, volume }: { readonly ten: boolean; readonly volume: Shown },
): ModeState {
  const listBytes = ten ? cdb.u16(7) : cdb.u8(4);
  if (cdb.bit(1, 0)) throw badField(1, 0); // SP: nothing is saved
  if (!cdb.bit(1, 4)) throw badField(1, 4); // PF
  if (listBytes === 0) return state;
  const headerBytes = ten ? 8 : 4;
  if (list.byteLength < listBytes || listBytes < headerBytes) throw new CheckCondition('parameterListLength');
  const descriptorBytes = ten ? ((list[6] ?? 0) << 8) | (list[7] ?? 0) : (list[3] ?? 0);
  let next = state;
  for (let at = headerBytes + descriptorBytes; at < listBytes;) {
    const head = list.subarray(at, listBytes);
    const lengthBytes = hasSubpage(head) ? ((head[2] ?? 0) << 8) | (head[3] ?? 0) : (head[1] ?? 0);
    const bytes = headBytesOf(head) + lengthBytes;
    if (at + bytes > listBytes) throw new CheckCondition('parameterListLength');
    next = applyPage(list.subarray(at, at + bytes), at, { state: next, volume });
    at += bytes;
  }
  return next;
}

function applyPage(
  page: Uint8Array,
  at: number,
  { state, volume }: { readonly state: ModeState; readonly volume: Shown },
): ModeState {
  const isSame = (known: Uint8Array) =>
    codeOf(known) === codeOf(page) && subpageOf(known) === subpageOf(page);
  const current = pagesOf(pageControl.current, state, volume).find(isSame);
  const mask = pagesOf(pageControl.changeable, state, volume).find(isSame);
  if (current === undefined || mask === undefined) throw badList(at);
  if (page.byteLength !== current.byteLength) throw badList(at + 1);
  for (let i = headBytesOf(current); i < page.byteLength; i++) {
    const changed = (page[i] ?? 0) ^ (current[i] ?? 0);
    if ((changed & ~(mask[i] ?? 0)) !== 0) throw badList(at + i);
  }
  if (codeOf(page) !== controlCode) return state;
  return { descriptorSense: ((page[2] ?? 0) & 0x04) !== 0, writeProtected: ((page[4] ?? 0) & 0x08) !== 0 };
}
