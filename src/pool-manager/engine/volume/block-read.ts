/** The way of one read of a volume: its turn, the pointers of its blocks, what they point to. */
import { blockBytes } from '../../../shared/block-size.ts';
import type { View } from '../map/delta-layer.ts';
import { lookUpAll } from '../map/lookup.ts';
import { StaleNameError } from '../map/node-store.ts';
import { copyPointer, pointerWords } from '../map/pointer.ts';
import { BadBlockError } from '../volume-store.ts';
import { lookedUp, readAtHand } from './read-at-hand.ts';
import { type ReadAt, type ReadDone, readPointers } from './read-blocks.ts';
import { triesMax, walk } from './reading.ts';
import type { ReadTurn, VolumeCore } from './volume-core.ts';

/** See VolumeStore.readInto. `view` throws for what is not there any more. */
export function readInto(
  core: VolumeCore,
  slot: number,
  read: ReadAt,
  view: () => View,
  into: Uint8Array,
  done: ReadDone,
): void {
  let now: View;
  try {
    now = view();
  } catch (error) {
    return done(asError(error));
  }
  const found = readAtHand(core, read, now, into);
  if (found === 'all') return done(undefined);
  const turn = new BlockRead(core, slot, read, view, into, done);
  if (found === 'pointers') turn.begin(lookedUp);
  else core.readGate.begin(turn);
}

/** A read that waits for its turn, and then looks again as long as what it finds has just become stale. */
class BlockRead implements ReadTurn {
  readonly slot: number;
  readonly bytes: number;
  readonly #core: VolumeCore;
  readonly #read: ReadAt;
  readonly #view: () => View;
  readonly #into: Uint8Array;
  readonly #done: ReadDone;
  readonly #pointers: Uint32Array;
  /** The pointers are those of this very moment. */
  #isLookedUp = false;
  #pin = 0;
  #tries = 0;

  constructor(
    core: VolumeCore,
    slot: number,
    read: ReadAt,
    view: () => View,
    into: Uint8Array,
    done: ReadDone,
  ) {
    this.slot = slot;
    this.bytes = read.count * blockBytes;
    this.#core = core;
    this.#read = read;
    this.#view = view;
    this.#into = into;
    this.#done = done;
    this.#pointers = new Uint32Array(read.count * pointerWords);
  }

  /** `pointers`: what was just looked up; good if it is this read's turn at once. */
  begin(pointers: Uint32Array): void {
    this.#pointers.set(pointers.subarray(0, this.#pointers.length));
    this.#isLookedUp = true;
    this.#core.readGate.begin(this);
    this.#isLookedUp = false;
  }

  go(): void {
    this.#pin = this.#core.pins.begin();
    if (this.#isLookedUp) this.#fetch();
    else this.#look();
  }

  #look(): void {
    this.#tries++;
    let view: View;
    try {
      view = this.#view();
    } catch (error) {
      return this.#end(asError(error));
    }
    const { block, count } = this.#read;
    if (lookUpAll(this.#core.nodes, view, block, count, this.#pointers)) this.#fetch();
    else void this.#walk(view);
  }

  /** Nodes have to be read on the way to the pointers. */
  async #walk(view: View): Promise<void> {
    const { volume, block, count } = this.#read;
    this.#pointers.fill(0);
    const failure = await walk(
      this.#core,
      volume,
      view,
      { block, count },
      -1,
      (from, to, _birth, words, at) => {
        for (let each = from; words !== undefined && each < to; each++)
          copyPointer(words, at, this.#pointers, (each - block) * pointerWords);
        return true;
      },
    ).catch(readFailure);
    if (failure === undefined) this.#fetch();
    else this.#ended(failure);
  }

  #fetch(): void {
    this.#leaveOut();
    readPointers(this.#core, this.#read, this.#pointers, this.#into, (error) => this.#ended(error));
  }

  /** What is not wanted is a hole, as far as reading goes. */
  #leaveOut(): void {
    const { block, count, only } = this.#read;
    if (only === undefined) return;
    let told = block;
    for (const part of [...only, { block: block + count, count: 0 }]) {
      this.#pointers.fill(0, (told - block) * pointerWords, (part.block - block) * pointerWords);
      told = part.block + part.count;
    }
  }

  #ended(error: Error | undefined): void {
    if (error instanceof StaleNameError && this.#tries < triesMax) this.#look();
    else this.#end(error);
  }

  #end(error: Error | undefined): void {
    this.#core.pins.end(this.#pin);
    this.#core.readGate.end(this);
    this.#done(error);
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** What a read answers; anything else is a broken invariant. */
function readFailure(error: unknown): Error {
  if (error instanceof StaleNameError || error instanceof BadBlockError) return error;
  throw error;
}
