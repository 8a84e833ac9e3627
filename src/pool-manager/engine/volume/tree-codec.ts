/** How trees, and parts that were cut out of them, stand in items (docs/disk-format.md, "Volumes"). */
import { assert } from '../../../shared/assert.ts';
import { ByteDecoder, ByteEncoder } from '../byte-codec.ts';
import { unfold, type View } from '../map/delta-layer.ts';
import { pointerWords } from '../map/pointer.ts';
import { settleCounts, type Tree, type TreeCounts } from '../map/tree.ts';
import { type DeadPart, deadPart } from './dead-parts.ts';
import type { Marks } from './snapshot-state.ts';

/** Stands for "none": marks begin at 1, since a batch has a number before anything is frozen. */
const none = 0;

/** A description is written when all layers of its cut are built. */
export function builtTree(view: View): Tree {
  const { layers, tree } = unfold(view);
  assert(layers.length === 0, 'what is described is built');
  return tree;
}

export function encodeTree(to: ByteEncoder, tree: Tree): void {
  const { levels, root, counts, pending } = settleCounts(tree);
  to.u64(levels).words(root);
  encodeCounts(to, counts);
  to.u64(pending.length);
  for (const { id } of pending) to.u64(id);
}

export function decodeTree(from: ByteDecoder, dead: ReadonlyMap<number, DeadPart>): Tree {
  const levels = from.u64();
  const root = from.words(pointerWords);
  const counts = decodeCounts(from);
  const ids = Array.from({ length: from.u64() }, () => from.u64());
  return { levels, root, counts, pending: ids.flatMap((id) => dead.get(id) ?? []) };
}

const encodeCounts = (to: ByteEncoder, counts: TreeCounts): ByteEncoder =>
  to.u64(counts.mappedBlocks).u64(counts.dataSectors).u64(counts.nodes);

const decodeCounts = (from: ByteDecoder): TreeCounts => ({
  mappedBlocks: from.u64(),
  dataSectors: from.u64(),
  nodes: from.u64(),
});

const encodeMarks = (to: ByteEncoder, marks: Marks | undefined): ByteEncoder =>
  to.u64(marks?.dataMark ?? none).u64(marks?.nodeMark ?? none);

function decodeMarks(from: ByteDecoder): Marks | undefined {
  const marks = { dataMark: from.u64(), nodeMark: from.u64() };
  return marks.dataMark === none ? undefined : marks;
}

export function encodeDead(parts: readonly DeadPart[]): Uint8Array {
  const to = new ByteEncoder().u64(parts.length);
  for (const part of parts) {
    to.u64(part.id).words(part.words).u64(part.level).u64(part.end).u64(part.split).u64(part.cursor);
    encodeMarks(to, part.above);
    encodeMarks(to, part.below);
    encodeCounts(to, part.counted);
  }
  return to.finish();
}

export function decodeDead(bytes: Uint8Array): DeadPart[] {
  const from = new ByteDecoder(bytes);
  return Array.from({ length: from.u64() }, () =>
    deadPart({
      id: from.u64(),
      words: from.words(pointerWords),
      level: from.u64(),
      end: from.u64(),
      split: from.u64(),
      cursor: from.u64(),
      above: decodeMarks(from),
      below: decodeMarks(from),
      counted: decodeCounts(from),
    }),
  );
}
