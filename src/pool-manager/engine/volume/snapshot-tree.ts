/** The snapshots of one volume: by id, by name, and how they descend from one another. */
import { assert } from '../../../shared/assert.ts';
import type { SnapshotState } from './snapshot-state.ts';

/** Snapshots whose ids are equal from here up lie in one item on disk. */
export const snapshotsPerChunk = 64;
export const chunkOf = (id: number): number => Math.floor(id / snapshotsPerChunk);

/** Ids begin at 1: 0 stands for no parent. */
export const firstSnapshotId = 1;

export class SnapshotTree {
  nextId: number;
  /** Those that users deleted, and those without a name, until they are wholly taken apart. */
  readonly deleting = new Set<SnapshotState>();
  /** Items that have changed since they were written. */
  dirtyChunks = new Set<number>();
  readonly #byId = new Map<number, SnapshotState>();
  readonly #byName = new Map<string, SnapshotState>();

  /** `parent`s are set already. */
  constructor(states: Iterable<SnapshotState>, nextId: number) {
    this.nextId = nextId;
    for (const state of states) this.#add(state);
  }

  get size(): number {
    return this.#byId.size;
  }

  byId(id: number): SnapshotState | undefined {
    return this.#byId.get(id);
  }

  /** The one that users know by this name. */
  named(name: string): SnapshotState | undefined {
    return this.#byName.get(name);
  }

  /** Those that users see, oldest first. */
  get visible(): readonly SnapshotState[] {
    return [...this.#byId.values()].filter(({ name, deleting }) => name !== undefined && !deleting);
  }

  all(): Iterable<SnapshotState> {
    return this.#byId.values();
  }

  add(state: SnapshotState): void {
    assert(state.id === this.nextId, 'ids are given in order');
    this.nextId++;
    this.#add(state);
    this.touch(state);
  }

  delete(state: SnapshotState): void {
    if (state.deleting) return;
    state.deleting = true;
    if (state.name !== undefined) this.#byName.delete(state.name);
    this.deleting.add(state);
    this.touch(state);
  }

  /** Wholly taken apart: what descended from it descends from its parent now. */
  unlink(gone: SnapshotState): void {
    this.#byId.delete(gone.id);
    this.deleting.delete(gone);
    const isOwn = gone.parent !== undefined && this.#byId.get(gone.parent.id) === gone.parent;
    if (isOwn) gone.parent?.children.delete(gone);
    for (const child of gone.children) {
      child.parent = gone.parent;
      if (isOwn) gone.parent?.children.add(child);
      this.touch(child);
    }
    this.touch(gone);
  }

  /** Its item has to be written again. */
  touch({ id }: SnapshotState): void {
    this.dirtyChunks.add(chunkOf(id));
  }

  #add(state: SnapshotState): void {
    this.#byId.set(state.id, state);
    if (state.deleting) this.deleting.add(state);
    else if (state.name !== undefined) this.#byName.set(state.name, state);
    const { parent } = state;
    // the first ones of a clone descend from a snapshot of another volume
    if (parent !== undefined && this.#byId.get(parent.id) === parent) parent.children.add(state);
  }
}
