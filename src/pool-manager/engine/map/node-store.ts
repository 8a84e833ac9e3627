/**
 * Nodes of maps: written once, cached by name, checked on each read from the devices. What `peek` answers is a view of the
 * cache, good until the next await; `load` answers a copy.
 */
import { assert } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { verifyUnit } from '../checksum.ts';
import { processArena } from '../group/arena.ts';
import type { MapSpace } from './map-space.ts';
import type { NodeBatch } from './node-batch.ts';
import { NodeCache } from './node-cache.ts';
import { saltHigh, saltLow } from './owner.ts';
import { checksumWord, nameOf, nodeWords, plainSectors, pointerWords, sectorsOf } from './pointer.ts';

/** A node fails its checksum, and no good copy is in this pool. */
export class BadNodeError extends Error {
  override readonly name = 'BadNodeError';
  readonly id: number;
  constructor(id: number, name: number) {
    super(`node ${id} of a map, stored as ${name}, is unreadable`);
    this.id = id;
  }
}

/** The name is gone: the view it was found in is an old one. Who reads looks again at the newest. */
export class StaleNameError extends Error {
  override readonly name = 'StaleNameError';
}

/** Where nodes wait to be written. */
const strips = processArena();

export class NodeStore {
  readonly #space: MapSpace;
  readonly #cache: NodeCache;
  readonly #loading = new Map<number, Promise<Uint32Array>>();

  constructor(space: MapSpace, cacheBytesMax: number) {
    this.#space = space;
    this.#cache = new NodeCache(cacheBytesMax);
  }

  /** How many nodes may be asked for at once, and still be at hand when all are there. */
  get batchMax(): number {
    return Math.max(16, Math.min(512, this.#cache.capacity >>> 2));
  }

  /** The node that the pointer at `words[at…]` names, if it is at hand; good until the next await, not to be changed. */
  peek(words: Uint32Array, at: number): Uint32Array | undefined {
    return this.#cache.find(words, at);
  }

  /** Another node takes its place in the tree that is being built. Who still reads the old tree finds it where it lies. */
  replaced(words: Uint32Array, at: number): void {
    this.#cache.forget(words, at);
  }

  /** A copy of the node with this id (owner.ts). Rejects with BadNodeError. */
  async load(words: Uint32Array, at: number, id: number): Promise<Uint32Array> {
    const cached = this.#cache.find(words, at);
    if (cached !== undefined) return cached.slice();
    const pointer = words.slice(at, at + pointerWords);
    const name = nameOf(pointer, 0);
    const loading = this.#loading.get(name) ?? this.#read(pointer, id);
    this.#loading.set(name, loading);
    try {
      return (await loading).slice();
    } finally {
      this.#loading.delete(name);
    }
  }

  /** Reads all nodes of the batch that are not at hand, neighbours together. One that is unreadable is left out. */
  async loadAll(batch: NodeBatch): Promise<void> {
    for (let i = batch.length - 1; i >= 0; i--) {
      const at = i * pointerWords;
      const known = this.#cache.find(batch.words, at) !== undefined;
      if (known || this.#fromMemory(batch.words, at) !== undefined) batch.remove(i);
    }
    await batch.read(this.#space, (words, at, bytes, from) => this.#keep(words, at, bytes, from));
  }

  /** Appends a new node, copied; its name and checksum go into the pointer at `words[at…]`. */
  write(slot: number, node: Uint32Array, id: number, words: Uint32Array, at: number): void {
    const space = this.#space;
    const { bytes, words: arena, kernels, sums, sumsAt } = strips;
    const isStaged = space.stage('metadata', strips) > 0;
    const from = isStaged ? space.stagedAt : strips.scratchAt;
    arena.set(node, from / 4);
    kernels.checksum128(sumsAt, from, blockBytes, saltLow(id), saltHigh(id));
    for (let i = 0; i < 4; i++) words[at + checksumWord + i] = sums[i] ?? 0;
    const sumLow = sums[0] ?? 0;
    const sumHigh = sums[1] ?? 0;
    space.append('metadata', bytes, from, plainSectors, slot, id, sumLow, sumHigh, words, at);
    this.#cache.keep(words, at, node);
  }

  async #read(pointer: Uint32Array, id: number): Promise<Uint32Array> {
    assert(sectorsOf(pointer, 0) === plainSectors, 'a node is one unit, as it is');
    const pending = this.#fromMemory(pointer, 0);
    if (pending !== undefined) return pending;
    const place = this.#space.place(pointer, 0);
    if (place === undefined) throw new StaleNameError(`node ${id} is gone`);
    const { group, segment, unit } = place;
    const { bytes, bad } = await this.#space.read(group, segment, unit, 1, (_, found, from) =>
      verifyUnit(found, from, saltLow(id), saltHigh(id), pointer, checksumWord),
    );
    if (bad.length > 0) throw new BadNodeError(id, nameOf(pointer, 0));
    return this.#keep(pointer, 0, bytes, 0);
  }

  #fromMemory(words: Uint32Array, at: number): Uint32Array | undefined {
    const bytes = this.#space.peek(words, at);
    return bytes === undefined ? undefined : this.#keep(words, at, bytes, 0);
  }

  #keep(words: Uint32Array, at: number, bytes: Uint8Array, from: number): Uint32Array {
    const node = new Uint32Array(nodeWords);
    new Uint8Array(node.buffer).set(bytes.subarray(from, from + blockBytes));
    this.#cache.keep(words, at, node);
    return node;
  }
}
