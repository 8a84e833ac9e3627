/** What stands on the devices of a pool, for people: labels, roots, items, volumes, and one block from root to device. */
import { must } from '../../../shared/assert.ts';
import type { BlockDevice } from '../block-device.ts';
import { blockBytes } from '../../../shared/block-size.ts';
import { columnOf, columnOffsetOf } from '../group/geometry.ts';
import { examineDevices } from '../group/examine.ts';
import { devicesOf } from '../group/label.ts';
import type { Root } from '../group/root.ts';
import { NodeStore } from '../map/node-store.ts';
import { nodeId } from '../map/owner.ts';
import {
  batchOf,
  birthOf,
  compressionOf,
  isMapped,
  offsetOf,
  pointersPerNode,
  pointerWords,
  sectorsOf,
} from '../map/pointer.ts';
import { slotSpan } from '../map/radix.ts';
import { countsOf, type Tree } from '../map/tree.ts';
import type { ImportOptions } from '../pool/pool-import.ts';
import { type LoadedPool, loadPool } from '../pool/pool-load.ts';
import type { VolumeStart } from '../volume/volume-state.ts';

/** Lines about each device alone: they need no pool that can be opened. */
export async function inspectDevices(devices: readonly BlockDevice[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const finding of await examineDevices(devices)) {
    const { device } = finding;
    lines.push(`device ${device.name}  ${device.sizeBytes} bytes  ${finding.kind}`);
    if (finding.kind === 'foreign') lines.push(`  carries ${finding.what}`);
    if (finding.kind === 'unreadable') lines.push(`  ${finding.why}`);
    if (finding.kind !== 'pool') continue;
    const { label, roots } = finding;
    lines.push(
      `  pool ${label.pool}, device ${label.device}, format ${label.version}, label generation ${label.generation}`,
    );
    const txgs = [...new Set(roots.map(({ txg }) => txg))].toSorted((a, b) => a - b);
    lines.push(`  ${txgs.length} roots, ${txgs[0] ?? '-'} to ${txgs.at(-1) ?? '-'}`);
  }
  return lines;
}

/** Opens the pool for reading, and answers what `describe` says of it. Throws PoolRefusal. */
async function withPool(
  options: ImportOptions,
  describe: (loaded: LoadedPool) => Promise<string[]> | string[],
): Promise<readonly string[]> {
  const loaded = await loadPool({ ...options, readOnly: true });
  try {
    return await describe(loaded);
  } finally {
    loaded.opened.set.abandon();
  }
}

/** The pool as its newest root has it. */
export const inspectPool = (options: ImportOptions): Promise<readonly string[]> =>
  withPool(options, ({ opened, payload, items, starts, space }) => {
    const { set, root, roots } = opened;
    const { label } = set;
    return [
      `pool ${set.pool}  ${label.layout}  features ${label.features.required.join(' ') || 'none'}`,
      ...label.groups.map(
        ({ devices, segments, segmentBytes }, i) =>
          `  group ${i}: ${devices.map(({ name }) => name).join(' ')}  ${segments} segments of ${segmentBytes} bytes`,
      ),
      ...label.logs.map((devices, i) => `  log ${i}: ${devices.map(({ name }) => name).join(' ')}`),
      ...rootLines(root, new Map(devicesOf(label).map(({ guid, name }) => [guid, name]))),
      `  log from offset ${payload.log.offsetBytes}, block ${payload.log.sequence}; next batch ${payload.nextBatch}`,
      `  may go back to ${roots.length - 1} older roots, ${roots.at(-1)?.txg} the oldest`,
      `space  ${space.room.totalUnits} units, ${space.room.liveUnits} live, ${space.room.freeUnits} free`,
      `items  ${items.keys('').length}`,
      ...[...items.places()].map(
        ([key, { txg, lengthBytes, extents }]) =>
          `  ${key === '' ? '(directory)' : key}  root ${txg}  ${lengthBytes} bytes  ${extents
            .map(({ group, segment, unit, units }) => `${group}/${segment}/${unit}+${units}`)
            .join(' ')}`,
      ),
      ...starts.flatMap(volumeLines),
    ];
  });

function rootLines(root: Root, names: ReadonlyMap<string, string>): string[] {
  return [
    `root ${root.txg}${root.clean ? '  clean' : ''}`,
    ...root.devices.map(
      ({ guid, state, goodTxg, cursor }) =>
        `  ${names.get(guid) ?? guid}  ${state}, good to ${goodTxg}${state === 'syncing' ? `, copied to segment ${cursor}` : ''}`,
    ),
  ];
}

function volumeLines(start: VolumeStart): string[] {
  const { identity, slot, sizeBytes, last, snapshots, origin, head, destroyed, dead } = start;
  const from = origin === undefined ? '' : `, clone of slot ${origin.slot} at ${origin.snapshot.name ?? '?'}`;
  return [
    `volume ${identity.volume}  ${identity.guid}  slot ${slot}${destroyed ? '  destroyed' : ''}${from}`,
    `  ${sizeBytes} bytes, last ${last}, ${treeText(head)}`,
    ...snapshots.map((snapshot) => {
      const { id, name, number, parent, dataMark, nodeMark, cursor, view } = snapshot;
      const tree = 'root' in view ? treeText(view) : 'tree not complete';
      const gone = cursor > 0 ? `, taken apart to block ${cursor}` : '';
      return `  snapshot ${name ?? `(former head ${id})`}  number ${number}, parent ${parent?.id ?? '-'}, marks ${dataMark} ${nodeMark}, ${tree}${gone}`;
    }),
    ...(dead.length === 0 ? [] : [`  ${dead.length} parts are being freed`]),
    ...(start.annotations.byteLength === 0
      ? []
      : [`  description ${new TextDecoder().decode(start.annotations)}`]),
  ];
}

function treeText(tree: Tree): string {
  const { mappedBlocks, nodes } = countsOf(tree);
  return `${mappedBlocks} blocks with data, ${nodes} nodes in ${tree.levels} levels`;
}

export interface BlockQuestion {
  /** Name or GUID. */
  readonly volume: string;
  readonly block: number;
  readonly snapshot?: string | undefined;
}

/** The way from a tree's root to one block: each pointer, where it leads, and where that lies on which device. */
export const inspectBlock = (
  options: ImportOptions,
  { volume, block, snapshot }: BlockQuestion,
): Promise<readonly string[]> =>
  withPool(options, async (loaded) => {
    const start = loaded.starts.find(
      ({ identity }) => identity.volume === volume || identity.guid === volume,
    );
    if (start === undefined) return [`no volume ${volume} in this pool`];
    const tree =
      snapshot === undefined
        ? start.head
        : start.snapshots.find(({ name, deleting }) => name === snapshot && !deleting)?.view;
    if (tree === undefined || !('root' in tree)) return [`no snapshot ${snapshot} of volume ${volume}`];
    return await wayTo(loaded, tree, block);
  });

async function wayTo({ space, opened }: LoadedPool, tree: Tree, block: number): Promise<string[]> {
  const nodes = new NodeStore(space, 2 ** 20);
  const lines: string[] = [];
  let words: Uint32Array = tree.root;
  let at = 0;
  for (let level = tree.levels; ; level--) {
    const birth = birthOf(words, at);
    if (!isMapped(words, at)) return [...lines, `level ${level}: a hole, birth ${birth}`];
    const name = `batch ${batchOf(words, at)} sector ${offsetOf(words, at)}+${sectorsOf(words, at)}`;
    const kind = level === 0 ? `compression ${compressionOf(words, at)}` : 'node';
    lines.push(`level ${level}: ${name}, birth ${birth}, ${kind}`);
    const place = space.place(words, at);
    if (place === undefined) return [...lines, '  has no place in the table'];
    const { group, segment, unit, sectorInUnit } = place;
    lines.push(`  group ${group} segment ${segment} unit ${unit} sector ${sectorInUnit}`);
    const { core } = must(opened.set.groups[group], 'the group');
    const { dataColumns, isMirror, parityColumns } = core.shape;
    const offset = columnOffsetOf(unit, dataColumns);
    const columns = isMirror ? parityColumns + 1 : 1;
    for (let copy = 0; copy < columns; copy++) {
      const column = isMirror ? copy : columnOf(unit, dataColumns);
      const { name: device, state } = core.memberOf(segment, column);
      lines.push(`  ${device}: byte ${core.offsetBytes(segment, offset)}, ${blockBytes} bytes, ${state}`);
    }
    if (level === 0) return lines;
    const span = slotSpan(level);
    const first = Math.floor(block / (span * pointersPerNode)) * span * pointersPerNode;
    const node = await nodes.load(words.slice(at, at + pointerWords), 0, nodeId(level, first));
    at = Math.floor((block - first) / span) * pointerWords;
    words = node;
  }
}
