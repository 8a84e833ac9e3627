/**
 * The live bits on disk: pages of 4 KiB, one bit per unit, below a tree like a volume's whose blocks are the pages.
 *
 * The map does not record its own units: they are found by walking its tree, which is small (1/32768 of the pool). So
 * writing the map does not change what it says, and a commit writes it once, last.
 */
import { assert } from '../../shared/assert.ts';
import { checksumWord, isMapped, pointersPerNode, pointerWords, setMapped, unitOf } from './block-pointer.ts';
import { checksumUnit, saltKind, verifyUnit } from './checksum.ts';
import { DeltaLayer } from './delta-layer.ts';
import { readUnit } from './node-store.ts';
import type { PoolCore } from './pool-core.ts';
import { emptyTree, levelsFor, type Tree } from './tree.ts';
import { TreeBuilder } from './tree-build.ts';

export const emptySpaceMap = (core: PoolCore): Tree => emptyTree(core.space.pages);

export const spaceMapAt = (core: PoolCore, root: Uint32Array): Tree => ({
  levels: levelsFor(core.space.pages),
  root,
  mappedBlocks: 0,
});

/** Writes the pages that changed since the last time, and the nodes above them. */
export async function saveSpaceMap(core: PoolCore, map: Tree, txg: number): Promise<Tree> {
  const pages = core.space.takeDirtyPages();
  const layer = new DeltaLayer(map, undefined);
  for (const page of pages) {
    const unit = place(core);
    const bytes = core.space.page(page);
    const at = layer.put(page);
    setMapped(layer.words, at, unit, 1, 0);
    checksumUnit(bytes, 0, page, saltKind.spaceMap, layer.words, at + checksumWord);
    core.stream.append(unit, bytes);
  }
  const sink = {
    allocNode: () => place(core),
    drop: (words: Uint32Array, at: number) => core.space.drop(unitOf(words, at), txg),
    adopt: () => undefined,
  };
  return await new TreeBuilder(core.nodes, core.host, sink, 0).build(map, layer, core.space.pages);
}

/** At import: takes the bits over and marks the map's own units. Throws BadNodeError when part of it is unreadable. */
export async function loadSpaceMap(core: PoolCore, map: Tree): Promise<void> {
  const own: number[] = [];
  await loadBelow(core, map.root, 0, map.levels, 0, own);
  for (const unit of own)
    assert(core.space.loadOwn(unit), `unit ${unit} of the space map is in use elsewhere`);
}

async function loadBelow(
  core: PoolCore,
  words: Uint32Array,
  at: number,
  level: number,
  first: number,
  own: number[],
): Promise<void> {
  if (!isMapped(words, at)) return;
  own.push(unitOf(words, at));
  if (level === 0) {
    const isGood = (_: number, bytes: Uint8Array, from: number) =>
      verifyUnit(bytes, from, first, saltKind.spaceMap, words, at + checksumWord);
    core.space.loadPage(first, await readUnit(core.devices, unitOf(words, at), isGood));
    return;
  }
  const node = await core.nodes.load(words, at, level);
  const span = pointersPerNode ** (level - 1);
  for (let slot = 0; slot < pointersPerNode; slot++)
    await loadBelow(core, node, slot * pointerWords, level - 1, first + slot * span, own);
}

function place(core: PoolCore): number {
  const run = core.space.alloc(1);
  assert(run !== undefined, 'the reserve covers the space map');
  return run.unit;
}
