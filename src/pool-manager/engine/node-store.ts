/**
 * Nodes of trees and units of blobs: written once, cached by unit, checked on each read from a device.
 *
 * A cached node is never changed: who wants another one makes a copy and writes it to a new place. A unit that is given
 * out again gets a new node by `write`, and nobody with an old pointer is left then (pins.ts).
 */
import { blockBytes } from '../../shared/block-size.ts';
import { checksumUnit, saltKind, verifyUnit } from './checksum.ts';
import { checksumWord, nodeWords, unitOf } from './block-pointer.ts';
import type { DeviceArray } from './device-array.ts';
import type { WriteStream } from './write-stream.ts';

/** A node or blob fails its checksum on every device. */
export class BadNodeError extends Error {
  override readonly name = 'BadNodeError';
  readonly unit: number;
  constructor(unit: number) {
    super(`metadata in unit ${unit} is unreadable on every device`);
    this.unit = unit;
  }
}

export class NodeStore {
  readonly #devices: DeviceArray;
  readonly #stream: WriteStream;
  readonly #nodesMax: number;
  readonly #cache = new Map<number, Uint32Array>();
  readonly #loading = new Map<number, Promise<Uint32Array>>();

  constructor(devices: DeviceArray, stream: WriteStream, cacheBytesMax: number) {
    this.#devices = devices;
    this.#stream = stream;
    this.#nodesMax = Math.max(1024, Math.floor(cacheBytesMax / blockBytes));
  }

  /** The node, if it is at hand. */
  peek(unit: number): Uint32Array | undefined {
    const node = this.#cache.get(unit);
    if (node === undefined) return undefined;
    this.#cache.delete(unit); // youngest again
    this.#cache.set(unit, node);
    return node;
  }

  /** The node that the pointer at `words[at…]` names; its level is part of its checksum. */
  async load(words: Uint32Array, at: number, level: number): Promise<Uint32Array> {
    const unit = unitOf(words, at);
    const cached = this.peek(unit);
    if (cached !== undefined) return cached;
    const loading = this.#loading.get(unit) ?? this.#read(unit, words.slice(at, at + 8), level);
    this.#loading.set(unit, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(unit);
    }
  }

  /** Puts a new node on its way to `unit` and its checksum into the pointer at `words[at…]`. */
  write(unit: number, node: Uint32Array, level: number, words: Uint32Array, at: number): void {
    const bytes = new Uint8Array(node.buffer, node.byteOffset, blockBytes);
    checksumUnit(bytes, 0, level, saltKind.node, words, at + checksumWord);
    this.#stream.append(unit, bytes);
    this.#keep(unit, node);
  }

  async #read(unit: number, pointer: Uint32Array, level: number): Promise<Uint32Array> {
    const pending = this.#stream.find(unit);
    const bytes =
      pending ??
      (await readUnit(this.#devices, unit, (_, found, from) =>
        verifyUnit(found, from, level, saltKind.node, pointer, checksumWord),
      ));
    const node = new Uint32Array(nodeWords);
    new Uint8Array(node.buffer).set(bytes);
    this.#keep(unit, node);
    return node;
  }

  #keep(unit: number, node: Uint32Array): void {
    this.#cache.delete(unit);
    this.#cache.set(unit, node);
    if (this.#cache.size <= this.#nodesMax) return;
    for (const oldest of this.#cache.keys()) {
      this.#cache.delete(oldest);
      break;
    }
  }
}

/** One unit of metadata from the devices. */
export async function readUnit(
  devices: DeviceArray,
  unit: number,
  isGood: (index: number, bytes: Uint8Array, from: number) => boolean,
): Promise<Uint8Array> {
  const reading = await devices.read(unit, 1, isGood);
  if (reading.bad.length > 0) throw new BadNodeError(unit);
  return reading.bytes;
}
