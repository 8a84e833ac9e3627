/** What a pool hands to one of its volumes. A class: V8 looks up by hash what is in a literal with a getter. */
import type { EngineHost } from '../host.ts';
import type { MapSpace } from '../map/map-space.ts';
import type { NodeStore } from '../map/node-store.ts';
import type { BlockCache } from '../volume/block-cache.ts';
import type { VolumeJournal } from '../volume/volume-journal.ts';
import type { Admission, ReadGate, ReadPins, VolumeCore, Zstd } from '../volume/volume-core.ts';

interface PoolCoreParts extends Omit<VolumeCore, 'openTxg'> {
  /** The transaction group that takes in changes now. */
  readonly txg: () => number;
}

export class PoolCore implements VolumeCore {
  readonly space: MapSpace;
  readonly nodes: NodeStore;
  readonly blocks: BlockCache | undefined;
  readonly pins: ReadPins;
  readonly host: EngineHost;
  readonly journal: VolumeJournal;
  readonly admission: Admission;
  readonly readGate: ReadGate;
  readonly zstd: Zstd | undefined;
  readonly onLost: VolumeCore['onLost'];
  readonly commit: VolumeCore['commit'];
  readonly room: VolumeCore['room'];
  readonly hasRoom: VolumeCore['hasRoom'];
  readonly #txg: () => number;

  constructor(parts: PoolCoreParts) {
    this.space = parts.space;
    this.nodes = parts.nodes;
    this.blocks = parts.blocks;
    this.pins = parts.pins;
    this.host = parts.host;
    this.journal = parts.journal;
    this.admission = parts.admission;
    this.readGate = parts.readGate;
    this.zstd = parts.zstd;
    this.onLost = parts.onLost;
    this.commit = parts.commit;
    this.room = parts.room;
    this.hasRoom = parts.hasRoom;
    this.#txg = parts.txg;
  }

  get openTxg(): number {
    return this.#txg();
  }
}
