/**
 * Who has been told of a loss of acknowledged writes. An initiator that kept running must not go on over it: its flushes fail
 * until one is answered so. That one may be aborted before, and then counts for nothing.
 */
import type { DeclaredLoss } from '../replication/loss.ts';
import { VolumeError } from './volume.ts';

/** Initiators that are remembered to have been told. */
const toldMax = 1_024;

export interface ToldLoss {
  /** The error that this initiator's flush ends with; undefined: it has been told, or need not be. */
  untold(initiator: string): VolumeError | undefined;
  /** Of those who may not log in any more nobody is waited for. */
  keep(initiators: readonly string[]): void;
}

const problem = (epoch: number, answered: () => void): VolumeError =>
  new VolumeError(
    'unflushedWritesLost',
    `acknowledged writes that were not flushed may be lost since epoch ${epoch}`,
    answered,
  );

/** Nobody is named who could log in: everybody is told. Those whose name is not known count as one, told at once. */
export class UnnotedLoss implements ToldLoss {
  readonly #epoch: number;
  readonly #told = new Set<string>();

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  untold(initiator: string): VolumeError | undefined {
    if (this.#told.has(initiator)) return undefined;
    const answered = (): void => {
      // Names that come and go do not fill the memory: who is forgotten is told once more.
      if (this.#told.size >= toldMax) this.#told.clear();
      this.#told.add(initiator);
    };
    if (initiator === '') answered();
    return problem(this.#epoch, answered);
  }

  keep(): void {
    // Nobody is waited for by name.
  }
}

/** Those that could log in when it came about are told, by this target or by one after it. */
export class NotedLoss implements ToldLoss {
  readonly #epoch: number;
  readonly #untold: Set<string>;
  readonly #note: (loss: DeclaredLoss) => void;

  /** `note`: makes durable who is left. */
  constructor({ epoch, untold }: DeclaredLoss, note: (loss: DeclaredLoss) => void) {
    this.#epoch = epoch;
    this.#untold = new Set(untold);
    this.#note = note;
  }

  untold(initiator: string): VolumeError | undefined {
    if (!this.#untold.has(initiator)) return undefined;
    return problem(this.#epoch, () => this.#drop([initiator]));
  }

  keep(initiators: readonly string[]): void {
    this.#drop([...this.#untold].filter((name) => !initiators.includes(name)));
  }

  #drop(names: readonly string[]): void {
    const before = this.#untold.size;
    for (const name of names) this.#untold.delete(name);
    if (this.#untold.size < before) this.#note({ epoch: this.#epoch, untold: [...this.#untold] });
  }
}
