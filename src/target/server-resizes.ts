/**
 * A resize is told at once, by an Async Message; the unit attention that each initiator gets with its next command says it
 * again.
 */
import { senseOf } from './scsi/sense.ts';
import type { Volume } from './volume.ts';

export class Resizes {
  readonly #volume: Pick<Volume, 'sizeBytes'>;
  #knownBytes: number;

  constructor(volume: Pick<Volume, 'sizeBytes'>) {
    this.#volume = volume;
    this.#knownBytes = volume.sizeBytes;
  }

  /** The sense data that tells of it; undefined: the size is what it was when it was last asked for. */
  news(): Uint8Array | undefined {
    const { sizeBytes } = this.#volume;
    if (sizeBytes === this.#knownBytes) return undefined;
    this.#knownBytes = sizeBytes;
    return senseOf({ condition: 'capacityChanged', information: undefined, field: undefined }, false);
  }
}
