/** What is read of a volume, of its head and of its snapshots, and put back where it had become unreadable. */
import { assert } from '../../../shared/assert.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { uncleared } from '../../../shared/uncleared.ts';
import type { View } from '../map/delta-layer.ts';
import { lookUp } from '../map/lookup.ts';
import { birthOf, pointerWords } from '../map/pointer.ts';
import type { CopiedExtent, Extent } from '../volume-store.ts';
import { readInto } from './block-read.ts';
import { hasContent } from './content.ts';
import { gather } from './gather.ts';
import type { ReadAt, ReadDone } from './read-blocks.ts';
import { birthsOf, digestOf } from './reading.ts';
import { lookUpNow, putBack, repairContent } from './repair.ts';
import { MutableVolume } from './volume-mutations.ts';
import { blocksOf } from './volume-state.ts';

/** Its part of the port: volume-store.ts. */
export class ReadableVolume extends MutableVolume {
  /** The head as it is now; goes on changing while it is a layer that is not sealed. */
  get view(): View {
    return this.head.view;
  }

  async read(block: number, count: number, snapshot?: string): Promise<Uint8Array> {
    const content = uncleared(count * blockBytes);
    await new Promise<void>((resolve, reject) =>
      this.readInto(block, content, (error) => (error === undefined ? resolve() : reject(error)), snapshot),
    );
    return content;
  }

  readInto(block: number, into: Uint8Array, done: ReadDone, snapshot?: string, only?: ReadAt['only']): void {
    const count = into.byteLength / blockBytes;
    const view = () => this.#frozen(block, count, snapshot) ?? this.view;
    readInto(this.core, this.slot, { volume: this.identity.volume, block, count, only }, view, into, done);
  }

  async births(
    after: number,
    block: number,
    count: number,
    limit: number,
    snapshot?: string,
  ): Promise<{ readonly extents: readonly Extent[]; readonly next: number }> {
    assert(limit > 0 && after >= 0, 'a positive limit, and births that count from 1');
    const view = () => this.#frozen(block, count, snapshot) ?? this.head.viewFor(count);
    return await birthsOf(this.core, this.identity.volume, view, { block, count, after, limit });
  }

  async gather(
    ranges: readonly { readonly block: number; readonly count: number }[],
    into: Uint8Array,
    snapshot?: string,
  ): Promise<readonly CopiedExtent[]> {
    for (const { block, count } of ranges) this.#frozen(block, count, snapshot);
    const view = () => this.#frozen(0, 1, snapshot) ?? this.view;
    return await gather(this.core, { volume: this.identity.volume, slot: this.slot }, view, ranges, into);
  }

  async digest(block: number, count: number, snapshot?: string): Promise<Uint8Array> {
    const view = () => this.#frozen(block, count, snapshot) ?? this.head.viewFor(count);
    return await digestOf(this.core, this.identity.volume, view, { block, count });
  }

  async readForRepair(block: number, birth: number): Promise<Uint8Array | undefined> {
    this.checkRange(block, 1);
    const views = () => this.head.viewsWith(block, birth);
    return await repairContent(this.core, this.identity.volume, this.slot, views, { block, birth });
  }

  async writeRepaired(block: number, data: Uint8Array, birth?: number): Promise<boolean> {
    this.checkRange(block, 1);
    assert(data.byteLength === blockBytes, 'a repair is one block');
    const { volume } = this.identity;
    const views = () => (birth === undefined ? [this.view] : this.head.viewsWith(block, birth));
    const outcome = await putBack(this.core, { volume, block, data, views });
    if (outcome !== 'other form') return outcome === 'done';
    const pointer = new Uint32Array(pointerWords);
    while (!lookUp(this.core.nodes, this.view, block, pointer, 0))
      await lookUpNow(this.core, volume, () => this.view, block);
    if (!hasContent(pointer, block, data)) return false;
    this.copyIn([{ block, count: 1, birth: birthOf(pointer, 0), data }]);
    return true;
  }

  /** The view of a snapshot; undefined for the head. The range lies in it. */
  #frozen(block: number, count: number, name: string | undefined): View | undefined {
    this.checkAlive();
    const snapshot = name === undefined ? undefined : this.must(name);
    const blocks = blocksOf(snapshot?.sizeBytes ?? this.sizeBytes);
    assert(block >= 0 && count > 0 && block + count <= blocks, 'a range lies in the volume');
    return snapshot?.view;
  }
}
