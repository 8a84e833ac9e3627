/**
 * Memory that the kernels reach and that devices write from without a copy: strips of 256 KiB, aligned to pages, handed
 * out and given back. All of it is there from the beginning as addresses; the machine gives memory where it is touched.
 * When all is out somebody keeps what he should give back.
 *
 * It is not shared between threads: copying into shared memory goes word by word, and takes more than twice as long.
 */
import { assert } from '../../../shared/assert.ts';
import { type Kernels, openKernels, reserved } from '../../../shared/kernels.ts';

export const stripBytes = 256 * 1024;
const pageBytes = 64 * 1024;
const growBytes = 4 * 1024 * 1024;
const arenaBytesMax = 1024 * 1024 * 1024;
/** For one call of a kernel: in the kernels' own page, behind their tables. */
const tableAt = 48 * 1024;
/** Where sums of one kernel call go. */
const sumsAt = 56 * 1024;
/** Blocks whose sums are computed by one call. */
export const sumsMax = 32;

/** Of arenas: they begin at a page of the machine. */
const alignedBuffers = new WeakSet<ArrayBufferLike>();

/** Whether the bytes begin at a multiple of 4096 in memory, so that O_DIRECT takes them as they are. */
export const isPageAligned = (bytes: Uint8Array): boolean =>
  bytes.byteOffset % 4096 === 0 && alignedBuffers.has(bytes.buffer);

export interface Arena {
  readonly kernels: Kernels;
  /** All of it, by offset, and the same in words. */
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** A unit that anybody may use between two awaits. */
  readonly scratchAt: number;
  /** Where u32 operands of one kernel call may stand: 64 words. */
  readonly table: Uint32Array;
  readonly tableAt: number;
  /** What `kernels.sumBlocks` writes to: four words for each block. */
  readonly sums: Uint32Array;
  readonly sumsAt: number;
  /** Offset of so many strips side by side, a divisor of 16. Their content is what the last user left. */
  take(strips?: number): number;
  /** As they were taken. */
  give(at: number, strips?: number): void;
  view(offset: number, lengthBytes: number): Uint8Array;
  /** Strips that are out. */
  taken(): number;
  /** Whether it is the buffer of this arena. */
  owns(buffer: ArrayBufferLike): boolean;
}

export function openArena(): Arena {
  const memory = new WebAssembly.Memory({
    initial: arenaBytesMax / pageBytes,
    maximum: arenaBytesMax / pageBytes,
  });
  const kernels = openKernels(memory);
  /** By how many were taken side by side. */
  const free = new Map<number, number[]>();
  const bytes = new Uint8Array(memory.buffer);
  alignedBuffers.add(memory.buffer);
  /** Never handed out from here on. */
  let end = Math.ceil(reserved / stripBytes) * stripBytes;
  let taken = 0;
  const grow = (strips: number, known: number[]) => {
    assert(growBytes % (strips * stripBytes) === 0, 'whole runs of strips');
    assert(end + growBytes <= arenaBytesMax, `strips are given back: ${taken} are out`);
    const runBytes = strips * stripBytes;
    for (let at = end + growBytes - runBytes; at >= end; at -= runBytes) known.push(at);
    end += growBytes;
  };
  return {
    kernels,
    tableAt,
    table: new Uint32Array(memory.buffer, tableAt, 64),
    sumsAt,
    sums: new Uint32Array(memory.buffer, sumsAt, 4 * sumsMax),
    bytes,
    words: new Uint32Array(memory.buffer),
    scratchAt: reserved,
    taken: () => taken,
    take(strips = 1) {
      let known = free.get(strips);
      if (known === undefined) free.set(strips, (known = []));
      if (known.length === 0) grow(strips, known);
      taken += strips;
      const at = known.pop();
      assert(at !== undefined, 'strips were added');
      return at;
    },
    give(at, strips = 1) {
      assert(at >= reserved && taken >= strips, 'a strip of this arena comes back');
      taken -= strips;
      free.get(strips)?.push(at);
    },
    owns: (buffer) => buffer === memory.buffer,
    view: (offset, lengthBytes) => bytes.subarray(offset, offset + lengthBytes),
  };
}

let shared: Arena | undefined;
/** The arena of the process. */
export const processArena = (): Arena => (shared ??= openArena());

/** The buffer that was met last, and is of the process's arena. */
let known: ArrayBufferLike | undefined;

/** Whether the bytes lie in the arena of the process, so that its kernels can work on them where they are. */
export function isInProcessArena({ buffer }: Uint8Array): boolean {
  if (buffer === known) return true;
  if (shared === undefined || !shared.owns(buffer)) return false;
  known = buffer;
  return true;
}
