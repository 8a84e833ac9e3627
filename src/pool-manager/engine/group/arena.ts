/**
 * Memory that the kernels reach and that devices write from without a copy: strips of 256 KiB, aligned to pages, handed
 * out and given back. It grows when all are out, up to a bound; beyond it somebody keeps what he should give back.
 */
import { assert } from '../../../shared/assert.ts';
import { type Kernels, openKernels, reserved } from '../../../shared/kernels.ts';

export const stripBytes = 256 * 1024;
const pageBytes = 64 * 1024;
const growBytes = 4 * 1024 * 1024;
const arenaBytesMax = 1024 * 1024 * 1024;
/** For one call of a kernel: in the kernels' own page, behind their tables. */
const tableAt = 48 * 1024;

/** A resizing arena has a new buffer object after each growth; all of them begin at a page of the machine. */
const alignedBuffers = new WeakSet<ArrayBufferLike>();

/** Whether the bytes begin at a multiple of 4096 in memory, so that O_DIRECT takes them as they are. */
export const isPageAligned = (bytes: Uint8Array): boolean =>
  bytes.byteOffset % 4096 === 0 && alignedBuffers.has(bytes.buffer);

export interface Arena {
  readonly kernels: Kernels;
  /** All of it, by offset. Another object after `take` may have grown it. */
  readonly bytes: Uint8Array;
  /** Where u32 operands of one kernel call may stand: 64 words. */
  readonly table: Uint32Array;
  readonly tableAt: number;
  /** Offset of a strip. Its content is what the last user left. */
  take(): number;
  give(strip: number): void;
  view(offset: number, lengthBytes: number): Uint8Array;
  /** Strips that are out. */
  readonly taken: number;
}

export function openArena(): Arena {
  const memory = new WebAssembly.Memory({
    initial: reserved / pageBytes,
    maximum: arenaBytesMax / pageBytes,
    shared: true,
  });
  const kernels = openKernels(memory);
  const free: number[] = [];
  let bytes = new Uint8Array(memory.buffer);
  let taken = 0;
  const grow = () => {
    const end = bytes.byteLength;
    assert(end + growBytes <= arenaBytesMax, `strips are given back: ${taken} are out`);
    memory.grow(growBytes / pageBytes);
    bytes = new Uint8Array(memory.buffer);
    alignedBuffers.add(memory.buffer);
    for (let strip = end + growBytes - stripBytes; strip >= end; strip -= stripBytes) free.push(strip);
  };
  return {
    kernels,
    tableAt,
    table: new Uint32Array(memory.buffer, tableAt, 64),
    get bytes() {
      return bytes;
    },
    get taken() {
      return taken;
    },
    take() {
      if (free.length === 0) grow();
      taken++;
      const strip = free.pop();
      assert(strip !== undefined, 'the arena has grown');
      return strip;
    },
    give(strip) {
      assert(strip >= reserved && taken > 0, 'a strip of this arena comes back');
      taken--;
      free.push(strip);
    },
    view: (offset, lengthBytes) => bytes.subarray(offset, offset + lengthBytes),
  };
}

let shared: Arena | undefined;
/** The arena of the process. */
export const processArena = (): Arena => (shared ??= openArena());
