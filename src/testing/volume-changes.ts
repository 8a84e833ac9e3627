/** Changes at random, made to a store and to its model alike. */
import { blockBytes } from '../shared/block-size.ts';
import type { Prng } from '../shared/prng.ts';
import type { VolumeStore } from '../pool-manager/engine/volume-store.ts';
import { contentOfAll } from './block-content.ts';
import type { VolumeModel } from './volume-model.ts';

const repeat = (value: number, count: number): number[] => Array.from({ length: count }, () => value);

/** One change: where it is made, and a tag no other change of the volume has. */
interface Draw {
  readonly store: VolumeStore;
  readonly model: VolumeModel;
  readonly random: Prng;
  readonly tag: number;
  /** A number for a new entry. */
  readonly number: number;
  readonly block: number;
  readonly count: number;
}

/** Each answers what it did, for messages. */
const changes = {
  write({ store, model, random, tag, number, block, count }: Draw): string {
    const tags = Array.from({ length: count }, (_, i) => (random.chance(0.1) ? 0 : tag * 1_000 + i + 1));
    store.write(number, block, contentOfAll(tags));
    model.put(block, repeat(number, count), tags);
    model.state = { ...model.state, last: number };
    return `write ${number} ${block}+${count}`;
  },
  unmap({ store, model, number, block, count }: Draw): string {
    store.unmap(number, block, count);
    model.put(block, repeat(number, count), repeat(0, count));
    model.state = { ...model.state, last: number };
    return `unmap ${number} ${block}+${count}`;
  },
  advance({ store, model, number }: Draw): string {
    store.advance(number);
    model.state = { ...model.state, last: number };
    return `advance ${number}`;
  },
  record({ store, model, tag }: Draw): string {
    store.setRecord(new TextEncoder().encode(`record ${tag}`));
    model.state = { ...model.state, record: `record ${tag}` };
    return `record ${tag}`;
  },
  copyIn({ store, model, random, tag, number, block, count }: Draw): string {
    const birth = random.below(number + 5);
    const mapped = birth > 0 && random.chance(0.7);
    const tags = mapped ? Array.from({ length: count }, (_, i) => tag * 1_000 + i + 1) : repeat(0, count);
    store.copyIn([{ block, count, birth, data: mapped ? contentOfAll(tags) : undefined }]);
    model.put(block, repeat(birth, count), tags);
    return `copyIn ${birth} ${block}+${count} ${mapped ? 'data' : 'hole'}`;
  },
  resize({ store, model, random, number }: Draw): string {
    const blocks = model.state.births.length;
    if (blocks >= 700) return 'nothing';
    const sizeBytes = model.state.sizeBytes + blockBytes * (1 + random.below(20));
    store.resize(number, sizeBytes);
    const grown = Math.ceil(sizeBytes / blockBytes) - blocks;
    model.put(blocks, repeat(number, grown), repeat(0, grown));
    model.state = { ...model.state, last: number, sizeBytes };
    return `resize ${number} ${sizeBytes}`;
  },
  snapshot({ store, model, tag }: Draw): string {
    if (model.snapshots.size >= 5) return 'nothing';
    const name = `snapshot-${tag}`;
    store.snapshot(name);
    model.snapshots.set(name, model.state);
    return `snapshot ${name}`;
  },
  deleteSnapshot({ store, model, random }: Draw): string {
    const name = anySnapshot(model, random);
    if (name === undefined) return 'nothing';
    store.deleteSnapshot(name);
    model.snapshots.delete(name);
    return `delete ${name}`;
  },
  rollback({ store, model, random }: Draw): string {
    const name = anySnapshot(model, random);
    if (name === undefined) return 'nothing';
    store.rollback(name);
    model.state = model.snapshots.get(name) ?? model.state;
    return `rollback ${name}`;
  },
} as const;

const anySnapshot = (model: VolumeModel, random: Prng): string | undefined =>
  [...model.snapshots.keys()][random.below(model.snapshots.size)];

export type ChangeName = keyof typeof changes;
/** How often each change is drawn, relative to the others. */
export type ChangeMix = Readonly<Partial<Record<ChangeName, number>>>;

// prettier-ignore
export const usualMix: ChangeMix = {
  write: 45, unmap: 15, advance: 5, record: 7, copyIn: 10, resize: 3, snapshot: 6, deleteSnapshot: 5, rollback: 4,
};

/** One change at random. Answers what it was, for messages. */
export function changeBoth(
  store: VolumeStore,
  model: VolumeModel,
  random: Prng,
  tag: number,
  mix: ChangeMix = usualMix,
): string {
  const blocks = model.state.births.length;
  const block = random.below(blocks);
  const count = 1 + random.below(Math.min(blocks - block, random.chance(0.1) ? blocks : 12));
  const number = model.state.last + 1 + random.below(3);
  return changes[pick(mix, random)]({ store, model, random, tag, number, block, count });
}

function pick(mix: ChangeMix, random: Prng): ChangeName {
  // The keys of a mix are names of changes: the type says so.
  const entries = Object.entries(mix) as [ChangeName, number][];
  let draw = random.below(entries.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [name, weight] of entries) {
    if (draw < weight) return name;
    draw -= weight;
  }
  return 'advance';
}
