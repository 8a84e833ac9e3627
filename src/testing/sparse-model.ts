/** Volumes of many blocks, few of them written, with snapshots and clones: births and tags per block, for comparing. */
import type { Prng } from '../shared/prng.ts';
import type { EngineVolume } from '../pool-manager/engine/volume/volume.ts';
import { contentOf, tagOf } from './block-content.ts';

export interface SparseState {
  readonly births: Float64Array;
  readonly tags: Uint32Array;
  last: number;
}

const copyOf = ({ births, tags, last }: SparseState): SparseState => ({
  births: births.slice(),
  tags: tags.slice(),
  last,
});

export class SparseModel {
  state: SparseState;
  readonly snapshots = new Map<string, SparseState>();

  constructor(blocks: number, state?: SparseState) {
    this.state = state ?? { births: new Float64Array(blocks), tags: new Uint32Array(blocks), last: 0 };
  }

  static cloneOf(model: SparseModel, snapshot: string): SparseModel {
    const state = model.snapshots.get(snapshot) ?? model.state;
    return new SparseModel(state.births.length, copyOf(state));
  }

  /** One change to both. Answers what it was. */
  change(volume: EngineVolume, random: Prng, tag: number): string {
    const { state } = this;
    const blocks = state.births.length;
    const number = state.last + 1;
    const names = [...this.snapshots.keys()];
    const draw = random.below(100);
    if (draw < 55) {
      const block = random.below(blocks);
      for (let i = 0; i < 1 + random.below(3) && block + i < blocks; i++)
        this.#write(volume, block + i, tag * 8 + i);
      return `write ${block}`;
    }
    if (draw < 70) {
      const span = random.pick([5, 300, 20_000]);
      const block = random.below(blocks);
      const count = Math.min(blocks - block, 1 + random.below(span));
      volume.unmap(number, block, count);
      state.births.fill(number, block, block + count);
      state.tags.fill(0, block, block + count);
      state.last = number;
      return `unmap ${block}+${count}`;
    }
    if (draw < 83) {
      const name = `s${tag}`;
      volume.snapshot(name);
      this.snapshots.set(name, copyOf(state));
      return `snapshot ${name}`;
    }
    const name = names[random.below(names.length)];
    if (name === undefined) return 'nothing';
    if (draw < 94) {
      volume.deleteSnapshot(name);
      this.snapshots.delete(name);
      return `delete ${name}`;
    }
    volume.rollback(name);
    this.state = copyOf(this.snapshots.get(name) ?? state);
    return `rollback ${name}`;
  }

  #write(volume: EngineVolume, block: number, tag: number): void {
    const { state } = this;
    state.last++;
    volume.write(state.last, block, contentOf(tag));
    state.births[block] = state.last;
    state.tags[block] = tag;
  }

  /** Where the volume differs, or undefined. */
  async difference(volume: EngineVolume): Promise<string | undefined> {
    const names = volume.snapshots().map(({ name }) => name);
    if (names.toSorted().join() !== [...this.snapshots.keys()].toSorted().join())
      return `snapshots ${names.join()}`;
    for (const [name, state] of this.snapshots) {
      const found = await viewDifference(volume, state, name);
      if (found !== undefined) return `snapshot ${name}: ${found}`;
    }
    return await viewDifference(volume, this.state);
  }
}

async function viewDifference(
  volume: EngineVolume,
  state: SparseState,
  snapshot?: string,
): Promise<string | undefined> {
  const blocks = state.births.length;
  const births = new Float64Array(blocks);
  for (let next = 0; next < blocks;) {
    const found = await volume.births(0, next, blocks - next, 50, snapshot);
    for (const { block, count, birth, mapped } of found.extents) {
      births.fill(birth, block, block + count);
      for (let each = block; each < block + count; each++)
        if (mapped !== (state.tags[each] !== 0)) return `block ${each} is mapped: ${mapped}`;
      if (!mapped) continue;
      const content = await volume.read(block, count, snapshot);
      for (let i = 0; i < count; i++)
        if (tagOf(content, i) !== state.tags[block + i])
          return `block ${block + i} is not ${state.tags[block + i]}`;
    }
    next = found.next;
  }
  const wrong = births.findIndex((birth, block) => birth !== state.births[block]);
  return wrong < 0
    ? undefined
    : `block ${wrong} has birth ${births[wrong]} instead of ${state.births[wrong]}`;
}
