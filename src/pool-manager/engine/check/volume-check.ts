/** All views of a volume: snapshots from the oldest on, its head, and what is cut out but not freed yet. */
import { sectorBytes } from '../../../shared/block-size.ts';
import { isMapped } from '../map/pointer.ts';
import { slotSpan } from '../map/radix.ts';
import { countsOf, type Tree } from '../map/tree.ts';
import type { DeadPart } from '../volume/dead-parts.ts';
import { isInReach, type SnapshotState } from '../volume/snapshot-state.ts';
import type { VolumeStart } from '../volume/volume-state.ts';
import type { TreeCheck, WalkOf } from './tree-check.ts';

/** What the volume adds to what was reached before must be what it counts. Origins of clones come before their clones. */
export async function checkVolume(check: TreeCheck, start: VolumeStart, family: number): Promise<void> {
  const { volume, guid } = start.identity;
  const name = `volume ${volume} (${guid})`;
  const before = check.reached.sectors;
  const walk = (what: string, more: Partial<WalkOf>): WalkOf => ({
    what: `${name} ${what}`,
    family,
    cursor: 0,
    marks: undefined,
    ...more,
  });
  for (const snapshot of inOrder(start.snapshots)) {
    const what = snapshot.name === undefined ? `former head ${snapshot.id}` : `snapshot ${snapshot.name}`;
    const { view: tree, cursor } = snapshot;
    if (!('root' in tree)) check.problems.push(`${name} ${what}: its tree is not complete`);
    else await checkTree(check, walk(what, { cursor, marks: snapshot }), tree);
  }
  await checkTree(check, walk('head', {}), start.head);
  for (const part of start.dead) await checkDead(check, walk(`cut-out part ${part.id}`, {}), part);
  const sectors = check.reached.sectors - before;
  if (sectors !== start.liveSectors)
    check.problems.push(
      `${name}: counts ${start.liveSectors * sectorBytes} bytes, ${sectors * sectorBytes} are its own`,
    );
}

/** Those with the lower marks first: what they share with others is judged by the stricter mark. */
const inOrder = (snapshots: readonly SnapshotState[]): readonly SnapshotState[] =>
  snapshots.toSorted((a, b) => a.dataMark - b.dataMark || a.id - b.id);

async function checkTree(check: TreeCheck, walk: WalkOf, tree: Tree): Promise<void> {
  const found = await check.node(walk, tree.root, 0, tree.levels, 0);
  if (walk.cursor > 0 || tree.pending.some(({ isCounted }) => !isCounted)) return;
  const counted = countsOf(tree);
  for (const what of ['mappedBlocks', 'dataSectors', 'nodes'] as const)
    if (counted[what] !== found[what])
      check.problems.push(`${walk.what}: counts ${counted[what]} ${what}, has ${found[what]}`);
}

/** What is left of a part that was cut out; what a snapshot keeps of it is found there. */
async function checkDead(check: TreeCheck, walk: WalkOf, part: DeadPart): Promise<void> {
  if (part.cursor === Infinity || !isMapped(part.words, 0)) return;
  const { words, level, end, cursor } = part;
  const skips: WalkOf['skips'] = (pointers, at, atLevel, behind) =>
    isInReach(behind > part.split ? part.above : part.below, pointers, at, atLevel);
  await check.node({ ...walk, cursor, skips }, words, 0, level, end - slotSpan(level + 1));
}
