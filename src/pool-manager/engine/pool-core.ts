/**
 * What the parts of an open pool share: devices, space, nodes on their way, and the transaction group that is open.
 *
 * Admission: a write is taken in only while its blocks, all nodes that building the open layers may write, and the
 * reserve are free. The reserve is what unmap, delete, records and commits live on when users' space is gone.
 */
import { assert } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { DeviceArray } from './device-array.ts';
import type { DeviceGroup } from './device-group.ts';
import type { EngineHost } from './host.ts';
import { NodeStore } from './node-store.ts';
import { Pins } from './pins.ts';
import type { Layout } from './pool.ts';
import { Space } from './space.ts';
import { NoSpaceError } from './volume-store.ts';
import { WriteStream } from './write-stream.ts';

export interface EngineLimits {
  /** Data that is not written yet and changes that are not built yet; `room()` waits above. */
  readonly unwrittenBytesMax: number;
  readonly deltasMax: number;
  readonly nodeCacheBytesMax: number;
  /** Nodes of deleted snapshots and volumes that one commit takes apart. */
  readonly freeingNodesPerCommit: number;
}

export const defaultLimits: EngineLimits = {
  unwrittenBytesMax: 64 * 2 ** 20,
  deltasMax: 65_536,
  nodeCacheBytesMax: 64 * 2 ** 20,
  freeingNodesPerCommit: 2_048,
};

export class PoolCore {
  readonly guid: string;
  readonly layout: Layout;
  readonly host: EngineHost;
  readonly limits: EngineLimits;
  readonly devices: DeviceArray;
  readonly space: Space;
  readonly stream: WriteStream;
  readonly nodes: NodeStore;
  readonly pins: Pins;
  readonly reserveUnits: number;
  /** The group that takes in changes now; roots below it are written or being written. */
  openTxg = 1;
  durableTxg = 0;
  era = 1;
  /** Nodes that building all layers may write. */
  nodesPending = 0;
  /** Changes in layers that are not built. */
  deltasPending = 0;
  /** Something has changed since the last cut. */
  dirty = false;
  failure: Error | undefined;
  /** Wakes whoever waits for room or for the end of background work. */
  onProgress: () => void = () => undefined;

  constructor(options: {
    readonly guid: string;
    readonly layout: Layout;
    readonly host: EngineHost;
    readonly groups: readonly DeviceGroup[];
    readonly limits: EngineLimits;
  }) {
    this.guid = options.guid;
    this.layout = options.layout;
    this.host = options.host;
    this.limits = options.limits;
    this.devices = new DeviceArray(options.groups);
    this.space = new Space(options.groups.map((group) => group.units));
    this.stream = new WriteStream(this.devices, () => this.onProgress());
    this.nodes = new NodeStore(this.devices, this.stream, options.limits.nodeCacheBytesMax);
    this.pins = new Pins(() => this.openTxg);
    this.reserveUnits = reserveFor(this.space.totalUnits);
  }

  /** Units that users may still fill. */
  get availableUnits(): number {
    return this.space.freeUnits - this.reserveUnits - this.nodesPending;
  }

  /** Throws unless so many blocks, and so many more nodes, fit beside the reserve. */
  admit(units: number, nodes: number): void {
    if (this.availableUnits >= units + nodes) return;
    const free = Math.max(0, this.availableUnits) * blockBytes;
    throw new NoSpaceError(`pool ${this.guid} is full: ${units * blockBytes} bytes asked, ${free} left`);
  }

  /** A place for one unit of metadata, live at once. */
  allocMetadata(): number {
    const run = this.space.alloc(1);
    assert(run !== undefined, 'the reserve covers all metadata of a commit');
    this.space.enliven(run.unit);
    return run.unit;
  }
}

/** 1/32 of the pool: all nodes of a full pool, written anew in three groups in a row (1/128 each). */
export const reserveFor = (totalUnits: number): number => Math.max(192, Math.ceil(totalUnits / 32));
