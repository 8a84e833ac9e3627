/** What a pool hands to its volumes: space and nodes below, the journal beside, admission and turns above. */
import type { EngineHost } from '../host.ts';
import type { MapSpace } from '../map/map-space.ts';
import type { NodeStore } from '../map/node-store.ts';
import type { BlockCache } from './block-cache.ts';
import type { VolumeJournal } from './volume-journal.ts';

/** `numbered`: a target has given it a number and can not take it back. `copied`: it may come later. */
export type Coming = 'numbered' | 'copied';

/** Keeps users' changes from taking what the pool needs to go on. */
export interface Admission {
  /** Throws NoSpaceError unless so many units of data, and of nodes that they may cost later, fit beside the reserve. */
  admit(dataUnits: number, nodeUnits: number, coming: Coming): void;
  /** Differences: nodes that building the unbuilt layers may write, changes in layers that are not built. */
  pend(nodeUnits: number, deltas: number): void;
}

/** A read of a volume, which moves so many bytes: `go` is called when it is its turn. */
export interface ReadTurn {
  readonly slot: number;
  readonly bytes: number;
  go(): void;
}

/** Whose turn it is to read. */
export interface ReadGate {
  /** `go` may be called at once. */
  begin(turn: ReadTurn): void;
  /** Of a turn that has begun: others may follow. */
  end(turn: ReadTurn): void;
  run<T>(slot: number, bytes: number, read: () => Promise<T>): Promise<T>;
}

/** Readers at work: what they may still find is not given out anew. */
export interface ReadPins {
  begin(): number;
  /** Gets what `begin` answered. */
  end(pin: number): void;
  hold<T>(read: () => Promise<T>): Promise<T>;
}

/** zstd, which the engine does not have itself. */
export interface Zstd {
  /** Undefined when the result is not shorter than `lengthMax`. */
  compress(plain: Uint8Array, level: number, lengthMax: number): Uint8Array | undefined;
  /** Undefined for damaged input, or if the result is not of this length. */
  decompress(stored: Uint8Array, length: number): Uint8Array | undefined;
}

export interface VolumeCore {
  readonly space: MapSpace;
  readonly nodes: NodeStore;
  /** Undefined: nothing is kept of what is read. */
  readonly blocks: BlockCache | undefined;
  readonly pins: ReadPins;
  readonly host: EngineHost;
  readonly journal: VolumeJournal;
  readonly admission: Admission;
  readonly readGate: ReadGate;
  readonly zstd: Zstd | undefined;
  /** The transaction group that takes in changes now. */
  readonly openTxg: number;
  /** Blocks of a volume are lost, all or in part: the node that leads to them is unreadable on every device. */
  readonly onLost?: ((slot: number, block: number, count: number) => void) | undefined;
  /** Makes all mutations so far durable. */
  commit(): Promise<void>;
  /** See VolumeStore.room. */
  room(): Promise<void>;
  /** See VolumeStore.hasRoom. */
  hasRoom(): boolean;
}
