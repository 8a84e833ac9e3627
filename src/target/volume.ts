/**
 * The port that SCSI needs: one block volume. Implementations: a replicated volume, memory, a plain file.
 *
 * Offsets and lengths are bytes, whole sectors of 512 B, inside [0, sizeBytes): the caller has checked them.
 *
 *  - A write is acknowledged when it would survive the loss of the target; it may be lost with a quorum of replicas
 *    until a flush that was issued after its acknowledgement has completed.
 *  - A read that begins after a write was acknowledged sees it, or a later one.
 *  - Data of one request is not torn between two answers: a read concurrent with a write sees each sector old or new.
 *  - `write` takes ownership of `data`: the caller must not change it afterwards.
 */
export interface Volume {
  /** Grows while serving; never shrinks. */
  readonly sizeBytes: number;
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  /**
   * `fua`: acknowledged only when durable, with everything that was acknowledged before.
   * `atomic`: no reader, and no crash, leaves a part of it; whole blocks of 4096 bytes, at most `atomicBytesMax`.
   */
  write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void>;
  /** Frees the range; it reads as zeros from then on, sectors at its ragged ends included. */
  unmap(offsetBytes: number, lengthBytes: number): Promise<void>;
  /** Everything acknowledged before the call is durable when it answers. */
  flush(options?: { readonly initiator?: string }): Promise<void>;
  /**
   * Replaces the range by `data` if it equals `expected`, as one step against all other requests (COMPARE AND WRITE).
   * Answers the first offset (bytes, from the start of the range) that differs, or undefined when it was written.
   */
  compareAndWrite(offsetBytes: number, expected: Uint8Array, data: Uint8Array): Promise<number | undefined>;
  /**
   * Whether the sector at `offsetBytes` takes space, and how far (at least a sector, at most `lengthBytes`) that holds.
   * Absent: not known here; initiators are then told that everything does (GET LBA STATUS).
   */
  mapping?(offsetBytes: number, lengthBytes: number): Promise<VolumeMapping>;
  /** Nothing may be written. Absent: it may. */
  readonly readOnly?: boolean | undefined;
  /** Largest atomic write. Absent: none. */
  readonly atomicBytesMax?: number | undefined;
  /** The pools are nearly full: initiators are warned once each time this begins. Absent: not known here. */
  readonly spaceIsLow?: boolean | undefined;
  /** The room in the fullest of the pools. Absent: not known here. */
  readonly space?: VolumeSpace | undefined;
  /**
   * Persistent state of the unit, which is to survive the loss of the target with the data: a short text by key. Durable
   * when `remember` answers. Absent: nothing is kept.
   */
  recall?(key: string): string | undefined;
  remember?(key: string, value: string): Promise<void>;
  /** Plain reads and writes without a promise for each. Asked before each of them; undefined: not now, or never. */
  readonly quick?: QuickVolume | undefined;
}

/** Reads and writes as those of Volume, for whom each allocation counts. Never throws. */
export interface QuickVolume {
  /** What is asked for until `release`, within the same call of the caller, may be set about together. Absent: it is not. */
  hold?(): void;
  release?(): void;
  /** `answer` is called once, perhaps within the call; the data it gets is valid until it returns. */
  read(offsetBytes: number, lengthBytes: number, answer: QuickAnswer): void;
  /** `data` is the caller's again when this returns. `fua`: for the initiator of that name, as in WriteOptions. */
  write(offsetBytes: number, data: Uint8Array, answer: QuickAnswer, fua?: string): void;
}

export interface QuickAnswer {
  /** `data` is of a read that succeeded; a problem is what Volume would have thrown. */
  quickDone(problem: VolumeError | undefined, data: Uint8Array | undefined): void;
}

export interface WriteOptions {
  /** Name of the initiator that asks, where it is known: what one of them has to hear once is told by it. */
  readonly initiator?: string;
  readonly fua?: boolean;
  readonly atomic?: boolean;
}

export interface VolumeSpace {
  /** For new data, of all volumes of that pool. */
  readonly freeBytes: number;
  /** With less than this `spaceIsLow` begins. */
  readonly lowBytes: number;
}

export interface VolumeMapping {
  readonly mapped: boolean;
  readonly lengthBytes: number;
}

/** Why a volume could not do what was asked; each is one SCSI status or sense at the edge of scsi/. */
export type VolumeProblem =
  /** No quorum just now: BUSY, the initiator tries again. Nothing is known to be lost. */
  | 'busy'
  /** The pool is full: space allocation failed, write protect. */
  | 'noSpace'
  /** No replica has a good copy of what was to be read: medium error. */
  | 'unreadable'
  /** Acknowledged, unflushed writes were lost in a recovery: flushes fail with medium error until one is answered. */
  | 'unflushedWritesLost';

export class VolumeError extends Error {
  override readonly name = 'VolumeError';
  readonly problem: VolumeProblem;
  /** To be called when the initiator is answered with this problem: until then the volume fails it again. */
  readonly answered: (() => void) | undefined;
  constructor(problem: VolumeProblem, message: string, answered?: () => void) {
    super(message);
    this.problem = problem;
    this.answered = answered;
  }
}
