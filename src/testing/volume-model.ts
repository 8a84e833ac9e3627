/** What a VolumeStore promises, in the most naive way: arrays of blocks. For comparing, not for use. */
import { blockBytes } from '../shared/block-size.ts';
import type { Prng } from '../shared/prng.ts';
import type { VolumeStore } from '../pool-manager/engine/volume-store.ts';

export interface ModelState {
  readonly sizeBytes: number;
  readonly last: number;
  readonly record: string;
  /** Per block: birth, and a tag that stands for its content; 0 is zeros. */
  readonly births: readonly number[];
  readonly tags: readonly number[];
}

export class VolumeModel {
  state: ModelState;
  readonly snapshots = new Map<string, ModelState>();

  constructor(sizeBytes: number) {
    const blocks = Math.ceil(sizeBytes / blockBytes);
    const zeros = Array.from({ length: blocks }, () => 0);
    this.state = { sizeBytes, last: 0, record: '', births: zeros, tags: zeros };
  }

  put(block: number, births: readonly number[], tags: readonly number[]): void {
    this.state = {
      ...this.state,
      births: this.state.births.toSpliced(block, births.length, ...births),
      tags: this.state.tags.toSpliced(block, tags.length, ...tags),
    };
  }

  clone(): VolumeModel {
    const copy = new VolumeModel(0);
    copy.state = this.state;
    for (const [name, state] of this.snapshots) copy.snapshots.set(name, state);
    return copy;
  }
}

/** The content that a tag stands for. */
export function contentOf(tag: number): Uint8Array {
  const bytes = new Uint8Array(blockBytes);
  if (tag === 0) return bytes;
  new Uint32Array(bytes.buffer).fill(tag);
  return bytes;
}

export function contentOfAll(tags: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(tags.length * blockBytes);
  tags.forEach((tag, i) => bytes.set(contentOf(tag), i * blockBytes));
  return bytes;
}

const repeat = (value: number, count: number): number[] => Array.from({ length: count }, () => value);

/** One change at random, to the store and to the model alike. Answers what it was, for messages. */
export function changeBoth(store: VolumeStore, model: VolumeModel, random: Prng, tag: number): string {
  const blocks = model.state.births.length;
  const block = random.below(blocks);
  const count = 1 + random.below(Math.min(blocks - block, random.chance(0.1) ? blocks : 12));
  const number = model.state.last + 1 + random.below(3);
  const names = [...model.snapshots.keys()];
  const choice = random.below(100);
  if (choice < 45) {
    const tags = Array.from({ length: count }, (_, i) => (random.chance(0.1) ? 0 : tag * 1_000 + i + 1));
    store.write(number, block, contentOfAll(tags));
    model.put(block, repeat(number, count), tags);
    model.state = { ...model.state, last: number };
    return `write ${number} ${block}+${count}`;
  }
  if (choice < 60) {
    store.unmap(number, block, count);
    model.put(block, repeat(number, count), repeat(0, count));
    model.state = { ...model.state, last: number };
    return `unmap ${number} ${block}+${count}`;
  }
  if (choice < 65) {
    store.advance(number);
    model.state = { ...model.state, last: number };
    return `advance ${number}`;
  }
  if (choice < 72) {
    store.setRecord(new TextEncoder().encode(`record ${tag}`));
    model.state = { ...model.state, record: `record ${tag}` };
    return `record ${tag}`;
  }
  if (choice < 82) {
    const birth = random.below(number + 5);
    const mapped = birth > 0 && random.chance(0.7);
    const tags = mapped ? Array.from({ length: count }, (_, i) => tag * 1_000 + i + 1) : repeat(0, count);
    store.copyIn([{ block, count, birth, data: mapped ? contentOfAll(tags) : undefined }]);
    model.put(block, repeat(birth, count), tags);
    return `copyIn ${birth} ${block}+${count} ${mapped ? 'data' : 'hole'}`;
  }
  if (choice < 85 && blocks < 700) {
    const sizeBytes = model.state.sizeBytes + blockBytes * (1 + random.below(20));
    store.resize(number, sizeBytes);
    const grown = Math.ceil(sizeBytes / blockBytes) - blocks;
    model.put(blocks, repeat(number, grown), repeat(0, grown));
    model.state = { ...model.state, last: number, sizeBytes };
    return `resize ${number} ${sizeBytes}`;
  }
  if (choice < 91 && names.length < 5) {
    const name = `snapshot-${tag}`;
    store.snapshot(name);
    model.snapshots.set(name, model.state);
    return `snapshot ${name}`;
  }
  const name = names[random.below(names.length)];
  if (name === undefined) return 'nothing';
  if (choice < 96) {
    store.deleteSnapshot(name);
    model.snapshots.delete(name);
    return `delete ${name}`;
  }
  store.rollback(name);
  model.state = model.snapshots.get(name) ?? model.state;
  return `rollback ${name}`;
}

/** Where the store differs from the model, or undefined. Reads everything. */
export async function difference(store: VolumeStore, model: VolumeModel): Promise<string | undefined> {
  const { state } = model;
  const names = store.snapshots().map(({ name }) => name);
  if (names.toSorted().join() !== [...model.snapshots.keys()].toSorted().join())
    return `snapshots ${names.join()} instead of ${[...model.snapshots.keys()].join()}`;
  const seen = {
    last: store.last,
    sizeBytes: store.sizeBytes,
    record: new TextDecoder().decode(store.record),
  };
  const due = { last: state.last, sizeBytes: state.sizeBytes, record: state.record };
  if (JSON.stringify(seen) !== JSON.stringify(due))
    return `${JSON.stringify(seen)} instead of ${JSON.stringify(due)}`;
  for (const snapshot of store.snapshots()) {
    const expected = model.snapshots.get(snapshot.name);
    if (snapshot.number !== expected?.last || new TextDecoder().decode(snapshot.record) !== expected.record)
      return `snapshot ${snapshot.name} has number ${snapshot.number}`;
    const found = await contentDifference(store, expected, snapshot.name);
    if (found !== undefined) return `snapshot ${snapshot.name}: ${found}`;
  }
  return await contentDifference(store, state);
}

async function contentDifference(
  store: VolumeStore,
  state: ModelState,
  snapshot?: string,
): Promise<string | undefined> {
  const blocks = state.births.length;
  const content = Buffer.from(await store.read(0, blocks, snapshot));
  for (let block = 0; block < blocks; block++)
    if (
      !content
        .subarray(block * blockBytes, (block + 1) * blockBytes)
        .equals(contentOf(state.tags[block] ?? 0))
    )
      return `block ${block} holds ${content.readUInt32LE(block * blockBytes)} instead of ${state.tags[block] ?? 0}`;
  const births = repeat(0, blocks);
  const mapped = repeat(0, blocks);
  for (let next = 0; next < blocks;) {
    const found = await store.births(0, next, blocks - next, 7, snapshot);
    for (const extent of found.extents)
      for (let i = 0; i < extent.count; i++) {
        births[extent.block + i] = extent.birth;
        mapped[extent.block + i] = extent.mapped ? 1 : 0;
      }
    next = found.next;
  }
  for (let block = 0; block < blocks; block++) {
    if (births[block] !== state.births[block])
      return `block ${block} has birth ${births[block] ?? 0} instead of ${state.births[block] ?? 0}`;
    if (mapped[block] !== (state.tags[block] === 0 ? 0 : 1))
      return `block ${block} is mapped: ${mapped[block] ?? 0}`;
  }
  return undefined;
}
