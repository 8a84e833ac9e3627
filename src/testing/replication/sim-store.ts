/**
 * What a VolumeStore promises, in the most naive way, with a crash: states follow each other, a commit makes all up to
 * one of them durable, a crash brings back any state between the last durable one and the newest.
 */
import type { CopiedExtent, Extent } from '../../replication/copy.ts';
import { decodeRecord } from '../../replication/record.ts';
import type { ReplicaStore } from '../../replication/store.ts';
import { assert, must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { anyTagOf, contentOf, contentOfAll } from '../block-content.ts';
import { SimRoom } from './sim-room.ts';

export interface Content {
  readonly sizeBytes: number;
  readonly last: number;
  readonly record: Uint8Array;
  readonly births: readonly number[];
  /** What a block holds, as a number; 0: zeros. */
  readonly tags: readonly number[];
}

export interface State extends Content {
  readonly snapshots: ReadonlyMap<string, Content>;
}

/** A block that holds `tag`. */
export const blockOf = contentOf;
/** Blocks that hold these tags. */
export const blocksFor = contentOfAll;

/** Of each block the tag that stands for all of its bytes. */
export const tagsIn = (data: Uint8Array): number[] =>
  Array.from({ length: data.byteLength / blockBytes }, (_, i) => anyTagOf(data, i));

const fill = (list: readonly number[], block: number, values: readonly number[]): number[] => {
  const copy = [...list];
  values.forEach((value, i) => (copy[block + i] = value));
  return copy;
};

const repeat = (value: number, count: number): number[] => Array.from({ length: count }, () => value);

const pastMax = 4_000;

function keep(past: State[] | undefined, state: State): void {
  if (past === undefined) return;
  past.push(state);
  if (past.length > 2 * pastMax) past.splice(0, pastMax);
}

export class SimStore implements ReplicaStore {
  readonly identity: { readonly volume: string; readonly replicaId: string; readonly guid: string };
  #state: State;
  /** Ends of synchronous runs since the durable state, oldest first. */
  #ends: State[] = [];
  #durable: State;
  #former: State;
  /** Every end of a run, and those of them that a commit made durable; kept where pools are rewound. */
  readonly #past: { ends: State[]; durable: State[] } | undefined;
  /** Of the pool. Of a model of what an engine holds it has no end. */
  readonly room = new SimRoom();
  /** Blocks of the head that can not be read. */
  readonly bad = new Set<number>();
  /** Tags of blocks that were bad at some time: snapshots may still have them so. */
  readonly spoiled = new Set<number>();

  /** `remembers`: what it was, for `past`. */
  constructor(identity: SimStore['identity'], blocks: number, remembers = false) {
    this.identity = identity;
    this.#past = remembers ? { ends: [], durable: [] } : undefined;
    const zeros = repeat(0, blocks);
    this.#state = {
      sizeBytes: blocks * blockBytes,
      last: 0,
      record: new Uint8Array(0),
      births: zeros,
      tags: zeros,
      snapshots: new Map(),
    };
    this.#durable = this.#former = this.#state;
    keep(this.#past?.ends, this.#state);
  }

  /** All that it was, oldest first, or what of it was durable; the newest `pastMax`. */
  past(what: 'ends' | 'durable'): readonly State[] {
    return this.#past?.[what] ?? [];
  }

  /** It is what another one was once. */
  become(state: State): void {
    [this.#state, this.#durable, this.#former, this.#ends] = [state, state, state, []];
  }

  get sizeBytes(): number {
    return this.#state.sizeBytes;
  }
  get last(): number {
    return this.#state.last;
  }
  get durable(): number {
    return Math.min(this.#durable.last, this.#state.last);
  }
  get record(): Uint8Array {
    return this.#state.record;
  }
  get content(): State {
    return this.#state;
  }
  /** Of the volume, as the record has it; the store may be larger. */
  get volumeBlocks(): number {
    return decodeRecord(this.record, this.sizeBytes).sizeBytes / blockBytes;
  }
  contentOf(snapshot: string): Content {
    return must(this.#state.snapshots.get(snapshot), snapshot);
  }

  write(number: number, block: number, data: Uint8Array): void {
    this.room.take(data.byteLength, 'numbered');
    this.#put(number, block, tagsIn(data));
  }
  unmap(number: number, block: number, count: number): void {
    this.#put(number, block, repeat(0, count));
  }
  advance(number: number): void {
    assert(number > this.last, `${number} after ${this.last}`);
    this.#state = { ...this.#state, last: number };
  }
  resize(number: number, sizeBytes: number): void {
    assert(number > this.last && sizeBytes > this.sizeBytes, 'a resize grows');
    const added = (sizeBytes - this.sizeBytes) / blockBytes;
    const births = [...this.#state.births, ...repeat(number, added)];
    const tags = [...this.#state.tags, ...repeat(0, added)];
    this.#state = { ...this.#state, sizeBytes, last: number, births, tags };
  }
  setRecord(record: Uint8Array): void {
    this.#state = { ...this.#state, record };
  }
  copyIn(extents: readonly CopiedExtent[]): void {
    const bytes = extents.reduce((sum, { data }) => sum + (data?.byteLength ?? 0), 0);
    if (bytes > 0) this.room.take(bytes, 'copied');
    for (const { block, count, birth, data } of extents) {
      const tags = data ? tagsIn(data) : repeat(0, count);
      assert(tags.length === count && block + count <= this.#state.tags.length, 'an extent that fits');
      this.#heal(block, count);
      this.#state = {
        ...this.#state,
        births: fill(this.#state.births, block, repeat(birth, count)),
        tags: fill(this.#state.tags, block, tags),
      };
    }
  }
  snapshot(name: string): void {
    assert(!this.#state.snapshots.has(name), `${name} exists`);
    const { snapshots, ...content } = this.#state;
    this.#state = { ...content, snapshots: new Map([...snapshots, [name, content]]) };
  }
  deleteSnapshot(name: string): void {
    const snapshots = new Map(this.#state.snapshots);
    assert(snapshots.delete(name), `${name} does not exist`);
    this.#state = { ...this.#state, snapshots };
  }
  rollback(name: string): void {
    const { snapshots } = this.#state;
    this.#state = { ...must(snapshots.get(name), name), snapshots };
  }
  snapshots(): readonly { readonly name: string; readonly number: number; readonly record: Uint8Array }[] {
    return [...this.#state.snapshots].map(([name, { last, record }]) => ({ name, number: last, record }));
  }

  /** The synchronous run that is going on ends here: a crash may come between it and the next. */
  endRun(): void {
    if (this.#ends.at(-1) === this.#state) return;
    this.#ends.push(this.#state);
    keep(this.#past?.ends, this.#state);
  }

  /** What a commit called now makes durable once it completes. */
  beginCommit(): () => void {
    this.endRun();
    const committed = this.#state;
    const before = this.#durable;
    return () => {
      const at = this.#ends.indexOf(committed);
      if (at < 0) return; // a later one has completed
      if (committed !== before) this.#former = before;
      this.#durable = committed;
      keep(this.#past?.durable, committed);
      this.#ends = this.#ends.slice(at + 1);
    };
  }

  /** Durable before that which made the durable one so had begun: in the engine's log there is a group behind it. */
  get former(): State {
    return this.#former;
  }

  /** What a loss of power may leave: any of the states since the durable one, oldest first. */
  get survivors(): readonly State[] {
    return [this.#durable, ...this.#ends];
  }

  /** Power is lost: one of the survivors. */
  crash(pick: (count: number) => number): void {
    const { survivors } = this;
    const state = must(survivors[pick(survivors.length)], 'a state');
    const { ends = [] } = this.#past ?? {};
    ends.splice(ends.lastIndexOf(state) + 1); // what is gone was never on any disk
    keep(this.#past?.durable, state);
    this.become(state);
  }

  read(block: number, count: number, snapshot?: string): Uint8Array {
    if (snapshot === undefined) this.#checkReadable(block, count);
    return blocksFor(this.#of(snapshot).tags.slice(block, block + count));
  }

  /** Neighbouring blocks of one birth are one extent; at most `limit`. */
  births(
    after: number,
    block: number,
    count: number,
    limit: number,
    snapshot?: string,
  ): { extents: Extent[]; next: number } {
    const { births, tags } = this.#of(snapshot);
    const extents: Extent[] = [];
    for (let b = block; b < block + count; b++) {
      const birth = births[b] ?? 0;
      const mapped = tags[b] !== 0;
      const before = extents.at(-1);
      if (birth <= after) continue;
      if (before && before.block + before.count === b && before.birth === birth && before.mapped === mapped) {
        extents[extents.length - 1] = { ...before, count: before.count + 1 };
      } else if (extents.length === limit) return { extents, next: b };
      else extents.push({ block: b, count: 1, birth, mapped });
    }
    return { extents, next: block + count };
  }

  digest(block: number, count: number, snapshot: string): Uint8Array {
    this.#checkReadable(block, count);
    const tags = this.contentOf(snapshot).tags.slice(block, block + count);
    return Buffer.from(tags.join());
  }

  /** Answers whether it was one that could not be read, with this content. */
  repair(block: number, data: Uint8Array): boolean {
    const promised = tagsIn(data).every((tag, i) => tag === this.#state.tags[block + i]);
    return promised && this.#heal(block, tagsIn(data).length);
  }

  #of(snapshot: string | undefined): Content {
    return snapshot === undefined ? this.#state : this.contentOf(snapshot);
  }

  #checkReadable(block: number, count: number): void {
    for (const one of this.bad)
      if (one >= block && one < block + count) throw new Error(`block ${one} is unreadable`);
  }

  #heal(block: number, count: number): boolean {
    const healed = [...this.bad].filter((one) => one >= block && one < block + count);
    for (const one of healed) this.bad.delete(one);
    return healed.length > 0;
  }

  #put(number: number, block: number, tags: readonly number[]): void {
    assert(number > this.last, `${number} after ${this.last}`);
    this.#heal(block, tags.length);
    this.#state = {
      ...this.#state,
      last: number,
      births: fill(this.#state.births, block, repeat(number, tags.length)),
      tags: fill(this.#state.tags, block, tags),
    };
  }
}
