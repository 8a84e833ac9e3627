/**
 * A byte string in the pool: units of 4 KiB, above them units of 128 pointers, up to one pointer. Written anew as a
 * whole; for the directory and the volumes' descriptions, which are small.
 */
import { blockBytes } from '../../shared/block-size.ts';
import { checksumWord, pointersPerNode, pointerWords, setMapped, unitOf } from './block-pointer.ts';
import { checksumUnit, saltKind, verifyUnit } from './checksum.ts';
import { readUnit } from './node-store.ts';
import type { PoolCore } from './pool-core.ts';

export interface Blob {
  readonly pointer: Uint32Array;
  readonly lengthBytes: number;
  /** All units it occupies. */
  readonly units: readonly number[];
}

const levelsOf = (lengthBytes: number): number => {
  let levels = 0;
  for (let units = Math.ceil(lengthBytes / blockBytes); units > 1; units = Math.ceil(units / pointersPerNode))
    levels++;
  return levels;
};

/** `bytes` is not empty. */
export function writeBlob(core: PoolCore, bytes: Uint8Array): Blob {
  const units: number[] = [];
  let level = 0;
  let body = bytes;
  for (;;) {
    const pointers = new Uint32Array(Math.ceil(body.byteLength / blockBytes) * pointerWords);
    for (let at = 0, i = 0; at < body.byteLength; at += blockBytes, i += pointerWords) {
      const content = new Uint8Array(blockBytes);
      content.set(body.subarray(at, at + blockBytes));
      const unit = core.allocMetadata();
      setMapped(pointers, i, unit, 0, 0);
      checksumUnit(content, 0, level, saltKind.blob, pointers, i + checksumWord);
      core.stream.append(unit, content);
      units.push(unit);
    }
    if (pointers.length === pointerWords) return { pointer: pointers, lengthBytes: bytes.byteLength, units };
    body = new Uint8Array(pointers.buffer);
    level++;
  }
}

/** Throws BadNodeError when a unit is unreadable. */
export async function readBlob(
  core: PoolCore,
  pointer: Uint32Array,
  lengthBytes: number,
): Promise<{ readonly blob: Blob; readonly bytes: Uint8Array }> {
  const units: number[] = [];
  let pointers = pointer;
  for (let level = levelsOf(lengthBytes); ; level--) {
    const body = new Uint8Array((pointers.length / pointerWords) * blockBytes);
    for (let i = 0; i < pointers.length; i += pointerWords) {
      const unit = unitOf(pointers, i);
      const of = pointers;
      const isGood = (_: number, bytes: Uint8Array, from: number) =>
        verifyUnit(bytes, from, level, saltKind.blob, of, i + checksumWord);
      body.set(await readUnit(core.devices, unit, isGood), (i / pointerWords) * blockBytes);
      units.push(unit);
    }
    if (level === 0) return { blob: { pointer, lengthBytes, units }, bytes: body.subarray(0, lengthBytes) };
    const below = Math.ceil(lengthBytes / blockBytes / pointersPerNode ** (level - 1));
    pointers = new Uint32Array(body.buffer, 0, below * pointerWords);
  }
}

export function freeBlob(core: PoolCore, blob: Blob, txg: number): void {
  for (const unit of blob.units) core.space.free(unit, txg);
}
