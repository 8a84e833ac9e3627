/** What a VolumeStore promises, in the most naive way: arrays of blocks. For comparing, not for use. */
import { blockBytes } from '../shared/block-size.ts';
import type { VolumeStore } from '../pool-manager/engine/volume-store.ts';
import { tagOf } from './block-content.ts';

export interface ModelState {
  readonly sizeBytes: number;
  readonly last: number;
  readonly record: string;
  /** Per block: birth, and a tag that stands for its content (block-content.ts); 0 is zeros. */
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

export type ObservedStore = Pick<
  VolumeStore,
  'sizeBytes' | 'last' | 'record' | 'snapshots' | 'births' | 'read'
>;

/**
 * What a store holds, all of it read. Throws when a block holds what was never written anywhere, or a snapshot is there
 * of which `sizes` (bytes by name) knows nothing.
 */
export async function observe(
  store: ObservedStore,
  sizes: ReadonlyMap<string, number>,
): Promise<VolumeModel> {
  const seen = new VolumeModel(0);
  const { sizeBytes, last } = store;
  seen.state = await observeView(store, { sizeBytes, last, record: text(store.record) });
  for (const { name, number, record } of store.snapshots()) {
    const size = sizes.get(name);
    if (size === undefined) throw new Error(`snapshot ${name} was never taken`);
    const head = { sizeBytes: size, last: number, record: text(record) };
    seen.snapshots.set(name, await observeView(store, head, name));
  }
  return seen;
}

/** Sizes of the snapshots of many models. */
export const snapshotSizes = (models: Iterable<VolumeModel>): Map<string, number> =>
  new Map(
    [...models].flatMap(({ snapshots }) => [...snapshots].map(([name, { sizeBytes }]) => [name, sizeBytes])),
  );

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function observeView(
  store: ObservedStore,
  head: Pick<ModelState, 'sizeBytes' | 'last' | 'record'>,
  snapshot?: string,
): Promise<ModelState> {
  const blocks = Math.ceil(head.sizeBytes / blockBytes);
  const where = snapshot === undefined ? '' : ` of snapshot ${snapshot}`;
  const content = await store.read(0, blocks, snapshot);
  const tags = Array.from({ length: blocks }, (_, block) => {
    const tag = tagOf(content, block);
    if (tag === undefined) throw new Error(`block ${block}${where} holds what was never written`);
    return tag;
  });
  const births = Array.from({ length: blocks }, () => 0);
  for (let next = 0; next < blocks;) {
    const found = await store.births(0, next, blocks - next, snapshot === undefined ? 7 : 64, snapshot);
    for (const extent of found.extents) {
      births.fill(extent.birth, extent.block, extent.block + extent.count);
      for (let block = extent.block; block < extent.block + extent.count; block++)
        if (extent.mapped !== (tags[block] !== 0))
          throw new Error(`block ${block}${where} is mapped: ${extent.mapped}`);
    }
    next = found.next;
  }
  return { ...head, births, tags };
}

/** Where the store differs from the model, or undefined. Reads everything. */
export async function difference(store: VolumeStore, model: VolumeModel): Promise<string | undefined> {
  try {
    return differenceOf(await observe(store, snapshotSizes([model])), model);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Where what was seen differs from what is due. */
export function differenceOf(seen: VolumeModel, due: VolumeModel): string | undefined {
  const names = [...seen.snapshots.keys()].toSorted().join();
  const namesDue = [...due.snapshots.keys()].toSorted().join();
  if (names !== namesDue) return `snapshots ${names} instead of ${namesDue}`;
  for (const [name, state] of due.snapshots) {
    const found = stateDifference(seen.snapshots.get(name), state);
    if (found !== undefined) return `snapshot ${name}: ${found}`;
  }
  return stateDifference(seen.state, due.state);
}

function stateDifference(seen: ModelState | undefined, due: ModelState): string | undefined {
  if (seen === undefined) return 'missing';
  for (const what of ['last', 'sizeBytes', 'record'] as const)
    if (seen[what] !== due[what]) return `${what} ${seen[what]} instead of ${due[what]}`;
  for (let block = 0; block < due.births.length; block++) {
    if (seen.tags[block] !== due.tags[block])
      return `block ${block} holds ${seen.tags[block] ?? 0} instead of ${due.tags[block] ?? 0}`;
    if (seen.births[block] !== due.births[block])
      return `block ${block} has birth ${seen.births[block] ?? 0} instead of ${due.births[block] ?? 0}`;
  }
  return undefined;
}
