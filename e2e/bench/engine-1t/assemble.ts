/**
 * A pool of many tiles, put together from one: each tile is a volume of its own, with the same content. What tells tiles
 * apart is written: names of batches in the nodes of maps (and so their checksums, and the summaries of their segments),
 * the table, the descriptions of volumes. Data is made up when it is read (tiled-device.ts).
 */
import { closeSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { must } from '../../../src/shared/assert.ts';
import { blockBytes } from '../../../src/shared/block-size.ts';
import { engineHost } from '../../../src/pool-manager/device/engine-host.ts';
import { openFileDevice } from '../../../src/pool-manager/device/file-device.ts';
import { ItemStore } from '../../../src/pool-manager/engine/checkpoint/item-store.ts';
import { checksumUnit, storedSum } from '../../../src/pool-manager/engine/checksum.ts';
import { createDeviceSet } from '../../../src/pool-manager/engine/group/create-set.ts';
import { labelBytes, logBytesFor } from '../../../src/pool-manager/engine/group/geometry.ts';
import { newGuid } from '../../../src/pool-manager/engine/host.ts';
import { firstPosition } from '../../../src/pool-manager/engine/log/log-position.ts';
import { nodeId, saltHigh, saltLow } from '../../../src/pool-manager/engine/map/owner.ts';
import {
  checksumWord,
  isMapped,
  nodeWords,
  pointersPerNode,
  pointerWords,
} from '../../../src/pool-manager/engine/map/pointer.ts';
import { slotSpan } from '../../../src/pool-manager/engine/map/radix.ts';
import { Damage } from '../../../src/pool-manager/engine/pool/damage.ts';
import { defaultLimits } from '../../../src/pool-manager/engine/pool/engine-limits.ts';
import { EnginePool } from '../../../src/pool-manager/engine/pool/open-pool.ts';
import { type LoadedPool, loadPool } from '../../../src/pool-manager/engine/pool/pool-load.ts';
import { defaultSettings } from '../../../src/pool-manager/engine/pool/pool-settings.ts';
import { createBlockSpace } from '../../../src/pool-manager/engine/space/space.ts';
import { dataUnitsOf, pageSegments } from '../../../src/pool-manager/engine/space/segments.ts';
import { entryAt, finishSummary, hasEntry, lifeOf } from '../../../src/pool-manager/engine/space/summary.ts';
import { openTiledDevice, type TiledOptions } from './tiled-device.ts';
import { patchedPage, segmentsOfPage } from './page-patch.ts';
import type { TileShape } from './tile.ts';

/** Beyond the tiles: labels and log, items of checkpoints, and what is written while it is measured. */
const spareSegments = 8_192;
/** Units between two nodes that are written together with them. */
const gapUnits = 2;

/** A node of the tile's map; children come before parents. */
interface TileNode {
  readonly id: number;
  readonly segment: number;
  readonly unit: number;
  readonly words: Uint32Array;
  /** By slot: which node it points to. */
  readonly children: ReadonlyMap<number, number>;
}

export function deviceOptions(path: string, tilePath: string, tile: TileShape, tiles: number): TiledOptions {
  const tiledSegments = tiles * tile.segments;
  const sizeBytes = (tiledSegments + spareSegments) * tile.segmentBytes;
  return {
    path,
    tilePath,
    tile,
    sizeBytes,
    segmentsOffset: labelBytes + logBytesFor(sizeBytes),
    tiledSegments,
  };
}

export async function assemble(options: TiledOptions): Promise<void> {
  const { tile, tilePath, path, sizeBytes, tiledSegments } = options;
  const tiles = tiledSegments / tile.segments;
  writeFileSync(path, '');
  truncateSync(path, sizeBytes);
  const tileDevice = await openFileDevice(tilePath);
  const loaded = await loadPool({
    devices: [tileDevice],
    readOnly: true,
    host: engineHost,
    owner: undefined,
  });
  const start = must(loaded.starts[0], 'the volume of the tile');
  const nodes = await readNodes(loaded);
  const { pages, txg } = await tablePages(loaded);
  const batches = loaded.space.nextBatch();
  const roots = new MapWriter(options, nodes, pages, batches, start.head.root).writeAll(tiles);
  loaded.opened.set.abandon();
  await tileDevice.close();

  const device = await openTiledDevice(options);
  const set = await createDeviceSet({
    layout: 'stripe',
    groups: [[device]],
    overwrite: [device.name],
    host: engineHost,
    owner: undefined,
  });
  set.openTxg = txg + 1;
  const damage = new Damage();
  const nextBatch = tiles * batches + 1;
  const pause = () => engineHost.pause();
  const space = createBlockSpace({ groups: set.groups, nextBatch, storedSum, pause, onRot: damage.unit });
  const items = new ItemStore(set.groups, space);
  for (let t = 0; t < tiles; t++)
    for (const [page, bytes] of pages.entries())
      items.put(
        `table/0/${t * pages.length + page}`,
        patchedPage(bytes, t * tile.segments + page * pageSegments, t * batches),
      );
  await space.load(items, txg, nextBatch);
  const pool = new EnginePool({
    guid: set.pool,
    host: engineHost,
    limits: defaultLimits,
    devices: set,
    space,
    items,
    settings: defaultSettings,
    damage,
    zstd: undefined,
    logArea: set.logs.ring,
    log: firstPosition(1),
    txg,
  });
  for (const [t, root] of roots.entries()) {
    const identity = { ...start.identity, guid: newGuid(engineHost), volume: `tile-${t}` };
    pool.adopt({ ...start, slot: t + 1, identity, head: { ...start.head, root } }, true);
  }
  await pool.begin();
  await pool.close();
}

async function readNodes({ space, starts }: LoadedPool): Promise<readonly TileNode[]> {
  const nodes: TileNode[] = [];
  const read = async (words: Uint32Array, at: number, level: number, first: number): Promise<number> => {
    const place = must(space.place(words, at), 'a node has its place');
    const { bytes } = await space.read(place.group, place.segment, place.unit, 1, () => true);
    const node = new Uint32Array(nodeWords);
    new Uint8Array(node.buffer).set(bytes.subarray(0, blockBytes));
    const children = new Map<number, number>();
    for (let slot = 0; level > 1 && slot < pointersPerNode; slot++)
      if (isMapped(node, slot * pointerWords))
        children.set(slot, await read(node, slot * pointerWords, level - 1, first + slot * slotSpan(level)));
    const { segment, unit } = place;
    return nodes.push({ id: nodeId(level, first), segment, unit, words: node, children }) - 1;
  };
  const { head } = must(starts[0], 'the volume of the tile');
  await read(head.root, 0, head.levels, 0);
  return nodes;
}

/** The whole table in pages that need no log, as of the checkpoint that is answered. */
async function tablePages({ space, opened }: LoadedPool): Promise<{ pages: Uint8Array[]; txg: number }> {
  const found = new Map<string, Uint8Array>();
  let { txg } = opened.root;
  const keep = {
    put: (key: string, bytes: Uint8Array) => void found.set(key, bytes),
    delete: () => undefined,
  };
  for (let i = 0; i < 17; i++) await space.changes(++txg, keep);
  const pages: Uint8Array[] = [];
  for (let page = 0; found.has(`table/0/${page}`); page++)
    pages.push(must(found.get(`table/0/${page}`), 'a page'));
  return { pages, txg };
}

/** Writes the map of one tile after the other. */
class MapWriter {
  readonly #options: TiledOptions;
  readonly #nodes: readonly TileNode[];
  readonly #batches: number;
  readonly #root: Uint32Array;
  readonly #file: number;
  /** Nodes that are written together: where, and which. */
  readonly #runs: {
    readonly segment: number;
    readonly unit: number;
    readonly nodes: number[];
    readonly bytes: Uint8Array;
  }[] = [];
  /** Summaries of segments with nodes, as in the tile. */
  readonly #summaries = new Map<number, { readonly summary: Uint32Array; readonly life: number }>();
  readonly #dataUnits: number;

  constructor(
    options: TiledOptions,
    nodes: readonly TileNode[],
    pages: readonly Uint8Array[],
    batches: number,
    root: Uint32Array,
  ) {
    this.#root = root;
    this.#options = options;
    this.#nodes = nodes;
    this.#batches = batches;
    this.#file = openSync(options.path, 'r+');
    const { tile, tilePath } = options;
    this.#dataUnits = dataUnitsOf({ segmentUnits: tile.segmentBytes / blockBytes, rowUnits: 4 });
    const order = nodes.map((_, i) => i).toSorted((a, b) => this.#unitOf(a) - this.#unitOf(b));
    for (const i of order) {
      const { segment, unit } = must(nodes[i], 'a node');
      const last = this.#runs.at(-1);
      const end = last === undefined ? 0 : this.#unitOf(must(last.nodes.at(-1), 'a node')) + 1;
      if (last?.segment === segment && this.#unitOf(i) - end <= gapUnits) last.nodes.push(i);
      else this.#runs.push({ segment, unit, nodes: [i], bytes: new Uint8Array(0) });
    }
    for (const [i, run] of this.#runs.entries()) {
      const units =
        this.#unitOf(must(run.nodes.at(-1), 'a node')) - this.#unitOf(must(run.nodes[0], 'a node')) + 1;
      this.#runs[i] = { ...run, bytes: new Uint8Array(units * blockBytes) };
    }
    const source = openSync(tilePath, 'r');
    for (const { segment } of nodes) {
      if (this.#summaries.has(segment)) continue;
      const known = segmentsOfPage(must(pages[Math.floor(segment / pageSegments)], 'a page'))[
        segment % pageSegments
      ];
      if (known === undefined || !known.isSummarized) continue;
      const bytes = new Uint8Array(tile.segmentBytes - this.#dataUnits * blockBytes);
      const at = tile.segmentsOffset + segment * tile.segmentBytes + this.#dataUnits * blockBytes;
      readSync(source, bytes, 0, bytes.byteLength, at);
      this.#summaries.set(segment, {
        summary: new Uint32Array(bytes.buffer),
        life: lifeOf(known.firstTxg, known.clock),
      });
    }
    closeSync(source);
  }

  /** Answers the pointers to the roots. */
  writeAll(tiles: number): readonly Uint32Array[] {
    const roots = Array.from({ length: tiles }, (_, t) => this.#write(t));
    closeSync(this.#file);
    return roots;
  }

  #write(t: number): Uint32Array {
    const shift = t * this.#batches;
    const sums = new Uint32Array(4 * this.#nodes.length);
    const patched = this.#nodes.map(({ words, children, id }, i) => {
      const node = words.slice();
      for (let slot = 0; slot < pointersPerNode; slot++) {
        const at = slot * pointerWords;
        if (!isMapped(node, at)) continue;
        node[at] = (node[at] ?? 0) + shift;
        const child = children.get(slot);
        if (child !== undefined) node.set(sums.subarray(4 * child, 4 * child + 4), at + checksumWord);
      }
      checksumUnit(new Uint8Array(node.buffer), 0, saltLow(id), saltHigh(id), sums, 4 * i);
      return node;
    });
    for (const { segment, unit, nodes, bytes } of this.#runs) {
      for (const i of nodes) {
        const { unit: own } = must(this.#nodes[i], 'a node');
        bytes.set(new Uint8Array(must(patched[i], 'a node').buffer), (own - unit) * blockBytes);
      }
      writeSync(this.#file, bytes, 0, bytes.byteLength, this.#offset(t, segment, unit));
    }
    this.#writeSummaries(t, sums);
    const last = this.#nodes.length - 1;
    const root = new Uint32Array(pointerWords);
    root.set(this.#root);
    root[0] = (root[0] ?? 0) + shift;
    root.set(sums.subarray(4 * last, 4 * last + 4), checksumWord);
    return root;
  }

  #writeSummaries(t: number, sums: Uint32Array): void {
    for (const [i, { segment, unit }] of this.#nodes.entries()) {
      const known = this.#summaries.get(segment);
      if (known === undefined || !hasEntry(known.summary, unit)) continue;
      known.summary[entryAt(unit)] = sums[4 * i] ?? 0;
      known.summary[entryAt(unit) + 1] = sums[4 * i + 1] ?? 0;
    }
    for (const [segment, { summary, life }] of this.#summaries) {
      const bytes = finishSummary(summary, life, storedSum);
      writeSync(this.#file, bytes, 0, bytes.byteLength, this.#offset(t, segment, this.#dataUnits));
    }
  }

  #unitOf(node: number): number {
    const { segment, unit } = must(this.#nodes[node], 'a node');
    return segment * 2 ** 15 + unit;
  }

  #offset(t: number, segment: number, unit: number): number {
    const { segmentsOffset, tile } = this.#options;
    return segmentsOffset + (t * tile.segments + segment) * tile.segmentBytes + unit * blockBytes;
  }
}
