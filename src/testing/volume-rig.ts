/** Volumes over a naive space, with checkpoints by hand: for tests of maps and volumes without a pool. */
import { assert, must } from '../shared/assert.ts';
import { Pins } from '../pool-manager/engine/pins.ts';
import type { EngineHost } from '../pool-manager/engine/host.ts';
import { unfold } from '../pool-manager/engine/map/delta-layer.ts';
import { NodeStore } from '../pool-manager/engine/map/node-store.ts';
import {
  isMapped,
  nameOf,
  pointersPerNode,
  pointerWords,
  sectorsOf,
} from '../pool-manager/engine/map/pointer.ts';
import { nodeId } from '../pool-manager/engine/map/owner.ts';
import { slotSpan } from '../pool-manager/engine/map/radix.ts';
import { countsOf, type Tree } from '../pool-manager/engine/map/tree.ts';
import { buildVolume } from '../pool-manager/engine/volume/build.ts';
import { BuiltNames } from '../pool-manager/engine/volume/built-names.ts';
import { takeApartSome } from '../pool-manager/engine/volume/taking-apart.ts';
import {
  forgetVolume,
  isWhollyGone,
  loadVolumes,
  saveVolume,
} from '../pool-manager/engine/volume/volume-items.ts';
import type { VolumeCore, Zstd } from '../pool-manager/engine/volume/volume-core.ts';
import type { VolumeNote } from '../pool-manager/engine/volume/volume-journal.ts';
import { cloneStart, newVolumeStart } from '../pool-manager/engine/volume/volume-state.ts';
import { EngineVolume } from '../pool-manager/engine/volume/volume.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryMapSpace } from './memory-map-space.ts';

export interface VolumeRigOptions {
  readonly nodeCacheBytes?: number;
  readonly zstd?: Zstd;
  readonly host?: EngineHost;
}

/** What a tree was found to hold, walked from its root. */
export interface WalkedTree {
  readonly mappedBlocks: number;
  readonly dataSectors: number;
  readonly nodes: number;
  /** Every name in it, with the sectors it has. */
  readonly names: ReadonlyMap<number, number>;
}

export class VolumeRig {
  space: MemoryMapSpace;
  core: VolumeCore;
  readonly volumes = new Map<number, EngineVolume>();
  readonly items = new Map<string, Uint8Array>();
  readonly notes: VolumeNote[] = [];
  /** Nodes and deltas that wait to be built, as volumes report them. */
  pendingNodes = 0;
  pendingDeltas = 0;
  txg = 1;
  #nextSlot = 1;
  readonly #options: VolumeRigOptions;

  constructor(options: VolumeRigOptions = {}, space = new MemoryMapSpace()) {
    this.#options = options;
    this.space = space;
    this.core = this.#makeCore();
  }

  create(sizeBytes: number): EngineVolume {
    const slot = this.#nextSlot++;
    return this.#add(new EngineVolume(this.core, newVolumeStart(slot, identity(slot), sizeBytes)));
  }

  clone(of: EngineVolume, snapshot: string): EngineVolume {
    const slot = this.#nextSlot++;
    return this.#add(new EngineVolume(this.core, cloneStart(of, snapshot, slot, identity(slot))));
  }

  /** Cuts all volumes, builds, frees up to `nodesMax` nodes, writes items; `meanwhile` runs between cut and build. */
  async checkpoint(nodesMax = Infinity, meanwhile: () => void = () => undefined): Promise<void> {
    const txg = this.txg++;
    const cuts = [...this.volumes.values()].map((volume) => volume.cut());
    meanwhile();
    const built = new BuiltNames();
    for (const cut of cuts) await buildVolume(this.core, cut, built);
    await built.settle(this.core.space, this.core.host, txg);
    const taken = await takeApartSome(this.core, cuts, txg, nodesMax);
    const writer = {
      put: (key: string, bytes: Uint8Array) => void this.items.set(key, bytes),
      delete: (key: string) => void this.items.delete(key),
    };
    for (const cut of cuts) {
      if (isWhollyGone(cut)) {
        forgetVolume(writer, cut.volume);
        this.volumes.delete(cut.volume.slot);
      } else saveVolume(writer, cut, taken.has(cut.volume));
    }
    for (const cut of cuts) cut.volume.settle(cut);
  }

  /** Checkpoints until nothing is left to free. */
  async settled(nodesMax = Infinity): Promise<void> {
    await this.checkpoint(nodesMax);
    for (let left = 10_000; [...this.volumes.values()].some((volume) => volume.hasWork); left--) {
      assert(left > 0, 'background work comes to an end');
      await this.checkpoint(nodesMax);
    }
    await this.checkpoint(nodesMax);
  }

  /** The state of the last checkpoint, loaded anew: what is not in it is forgotten. */
  async reloaded(): Promise<VolumeRig> {
    const keys = [...this.items.keys()];
    const reader = {
      keys: (prefix: string) => keys.filter((key) => key.startsWith(prefix)),
      get: (key: string) => Promise.resolve(must(this.items.get(key), key)),
    };
    const starts = await loadVolumes(reader);
    const again = new VolumeRig(this.#options, this.space);
    for (const [key, bytes] of this.items) again.items.set(key, bytes);
    again.txg = this.txg;
    again.#nextSlot = this.#nextSlot;
    for (const start of starts) again.volumes.set(start.slot, new EngineVolume(again.core, start, false));
    for (const volume of again.volumes.values()) volume.ready = true;
    again.space = this.space.reopened(await again.reachable());
    again.core = again.#makeCore();
    again.volumes.clear();
    for (const start of await loadVolumes(reader))
      again.volumes.set(start.slot, new EngineVolume(again.core, start, false));
    return again;
  }

  /** Names that heads, snapshots and dead parts reach. */
  async reachable(): Promise<Set<number>> {
    const names = new Set<number>();
    for (const volume of this.volumes.values()) {
      const head = unfold(volume.view).tree;
      for (const name of (await this.walk(head)).names.keys()) names.add(name);
      for (const { view, cursor } of volume.snapshotTree.all())
        for (const name of (await this.walk(unfold(view).tree, cursor)).names.keys()) names.add(name);
      for (const { words, level, end, cursor } of volume.dead.parts) {
        const part = { levels: level, root: words, counts: unfold(volume.view).tree.counts, pending: [] };
        const first = end - slotSpan(level + 1);
        for (const name of (await this.walk(part, cursor, first)).names.keys()) names.add(name);
      }
    }
    return names;
  }

  /** All of a tree that lies at or behind `cursor`. */
  async walk(tree: Pick<Tree, 'levels' | 'root'>, cursor = 0, first = 0): Promise<WalkedTree> {
    const names = new Map<number, number>();
    let [mappedBlocks, dataSectors, nodes] = [0, 0, 0];
    const visit = async (words: Uint32Array, at: number, level: number, from: number): Promise<void> => {
      if (
        !isMapped(words, at) ||
        from + slotSpan(level + 1) * (level === 0 ? 0 : 1) + (level === 0 ? 1 : 0) <= cursor
      )
        return;
      names.set(nameOf(words, at), sectorsOf(words, at));
      if (level === 0) {
        mappedBlocks++;
        dataSectors += sectorsOf(words, at);
        return;
      }
      nodes++;
      const node = await this.core.nodes.load(words, at, nodeId(level, from));
      for (let slot = 0; slot < pointersPerNode; slot++)
        await visit(node, slot * pointerWords, level - 1, from + slot * slotSpan(level));
    };
    await visit(tree.root, 0, tree.levels, first);
    return { mappedBlocks, dataSectors, nodes, names };
  }

  /** What is wrong: live names are those that are reached, and all counters agree. Nothing may be unbuilt. */
  async problems(): Promise<string[]> {
    const found: string[] = [];
    const reached = await this.reachable();
    for (const [name, { state, owner }] of this.space.names) {
      if (state === 'busy') found.push(`${name} (owner ${owner}) is busy`);
      else if (!reached.has(name)) found.push(`${name} (owner ${owner}) is live and not reached`);
    }
    for (const name of reached)
      if (!this.space.names.has(name)) found.push(`${name} is reached and not live`);
    const live = [...this.volumes.values()].reduce((sum, { liveSectors }) => sum + liveSectors, 0);
    if (live !== this.space.liveSectors)
      found.push(`volumes count ${live} of ${this.space.liveSectors} sectors`);
    for (const volume of this.volumes.values()) found.push(...(await this.#countProblems(volume)));
    if (this.pendingNodes !== 0 || this.pendingDeltas !== 0)
      found.push(`${this.pendingNodes} nodes, ${this.pendingDeltas} deltas are pending`);
    return found;
  }

  async #countProblems(volume: EngineVolume): Promise<string[]> {
    const found: string[] = [];
    const trees = [unfold(volume.view).tree];
    for (const { view, cursor } of volume.snapshotTree.all()) if (cursor === 0) trees.push(unfold(view).tree);
    for (const tree of trees) {
      const { mappedBlocks, dataSectors, nodes } = await this.walk(tree);
      if (tree.pending.some(({ isCounted }) => !isCounted)) continue;
      const seen = JSON.stringify({ mappedBlocks, dataSectors, nodes });
      if (JSON.stringify(countsOf(tree)) !== seen)
        found.push(`slot ${volume.slot} counts ${JSON.stringify(countsOf(tree))}, has ${seen}`);
    }
    return found;
  }

  #add(volume: EngineVolume): EngineVolume {
    volume.ready = true;
    this.volumes.set(volume.slot, volume);
    return volume;
  }

  #makeCore(): VolumeCore {
    const rig = { txg: () => this.txg };
    return {
      space: this.space,
      nodes: new NodeStore(this.space, this.#options.nodeCacheBytes ?? 2 ** 22),
      blocks: undefined,
      pins: new Pins(rig.txg),
      host: this.#options.host ?? quietHost,
      journal: {
        wrote: () => undefined,
        copied: () => undefined,
        note: (_slot, note) => void this.notes.push(note),
      },
      admission: {
        admit: () => undefined,
        pend: (nodes, deltas) => {
          this.pendingNodes += nodes;
          this.pendingDeltas += deltas;
        },
      },
      readGate: {
        begin: (turn) => turn.go(),
        end: () => undefined,
        run: (_slot, _bytes, read) => read(),
      },
      zstd: this.#options.zstd,
      get openTxg() {
        return rig.txg();
      },
      commit: () => this.checkpoint(),
      room: () => Promise.resolve(),
      hasRoom: () => true,
    };
  }
}

const quietHost: EngineHost = {
  randomBytes: (length) => new Uint8Array(length),
  pause: () => Promise.resolve(),
  clock: new ManualClock(),
};

const identity = (slot: number) => ({
  volume: `pv-${slot}`,
  replicaId: 'r1',
  guid: slot.toString(16).padStart(16, '0'),
});
