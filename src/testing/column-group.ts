/** A real group on devices in memory. */
import type { BlockDevice } from '../pool-manager/engine/block-device.ts';
import { type Arena, processArena } from '../pool-manager/engine/group/arena.ts';
import { ColumnGroup } from '../pool-manager/engine/group/column-group.ts';
import { type Layout, shapeOf } from '../pool-manager/engine/group/geometry.ts';
import { newMember } from '../pool-manager/engine/group/member.ts';
import { MemoryDevice } from './memory-device.ts';

const segmentBytes = 256 * 1024;
const segments = 8;

export const layouts: readonly (readonly [name: string, layout: Layout, devices: number])[] = [
  ['stripe', 'stripe', 1],
  ['mirror of two', 'mirror', 2],
  ['mirror of three', 'mirror', 3],
  ['raidz 2+1', 'raidz', 3],
  ['raidz 4+1', 'raidz', 5],
  ['raidz2 2+2', 'raidz2', 4],
  ['raidz2 4+2', 'raidz2', 6],
];

export interface ColumnGroupRig {
  readonly group: ColumnGroup;
  readonly devices: readonly MemoryDevice[];
  readonly arena: Arena;
  /** How often a device's state changed. */
  readonly changes: () => number;
}

export function columnGroup(
  layout: Layout,
  count: number,
  around: (device: MemoryDevice) => BlockDevice = (device) => device,
): ColumnGroupRig {
  const arena = processArena();
  const sizeBytes = segments * segmentBytes;
  const devices = Array.from(
    { length: count },
    (_, i) => new MemoryDevice({ name: `memory-${i}`, sizeBytes }),
  );
  let changes = 0;
  const group = new ColumnGroup({
    index: 0,
    shape: shapeOf(layout, count),
    members: devices.map((device) =>
      newMember({
        guid: device.name,
        name: device.name,
        sizeBytes,
        device: around(device),
        state: 'current',
      }),
    ),
    segmentBytes,
    segmentsOffset: 0,
    segments,
    arena,
    readOnly: false,
    permit: () => undefined,
    noted: () => undefined,
    onChange: () => changes++,
    onFailure: () => undefined,
  });
  return { group, devices, arena, changes: () => changes };
}
