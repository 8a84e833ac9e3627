/** A kernel whose io_uring does what a test says: what it is given lies in `taken` until it is answered. */
import { must } from '../../../shared/assert.ts';
import type { Kernel } from './kernel.ts';

const [tailAt, arrayAt, answersHeadAt, answersTailAt, answersAt] = [4, 64, 8, 12, 4096];
const allFeatures = 0xff;
const entryBytes = 64;

interface Taken {
  readonly slot: number;
  readonly opcode: number;
  readonly offsetBytes: number;
}

/** −errno of these calls. */
interface Fails {
  readonly setup?: number;
  readonly map?: number;
  readonly watch?: number;
}

export class FakeKernel implements Kernel {
  readonly taken: Taken[] = [];
  /** −errno for the next calls. */
  readonly refusals: number[] = [];

  readonly #failsWith: Fails;
  readonly #features: number;
  readonly #queues = new ArrayBuffer(65_536);
  #table = new DataView(new ArrayBuffer(0));
  #entries = 0;
  #head = 0;
  #wake = (): void => undefined;
  holds = false;

  constructor(failsWith: Fails = {}, features = allFeatures) {
    this.#failsWith = failsWith;
    this.#features = features;
  }

  setup(entries: number, params: ArrayBuffer): number {
    if (this.#failsWith.setup !== undefined) return this.#failsWith.setup;
    this.#entries = entries;
    this.#table = new DataView(new ArrayBuffer(entries * entryBytes));
    const told = new DataView(params);
    for (const [at, value] of [
      [0, entries],
      [4, 2 * entries],
      [20, this.#features],
      [44, tailAt],
      [64, arrayAt],
      [80, answersHeadAt],
      [84, answersTailAt],
      [100, answersAt],
    ] as const)
      told.setUint32(at, value, true);
    return 77;
  }

  map(_ring: number, _lengthBytes: number, offset: number): ArrayBuffer | number {
    if (this.#failsWith.map !== undefined) return this.#failsWith.map;
    return offset === 0 ? this.#queues : (this.#table.buffer as ArrayBuffer);
  }

  enter(_ring: number, count: number): number {
    const refused = this.refusals.shift();
    if (refused !== undefined) return refused;
    for (let i = 0; i < count; i++, this.#head++) {
      const at = (this.#head & (this.#entries - 1)) * entryBytes;
      this.taken.push({
        opcode: this.#table.getUint8(at),
        offsetBytes: Number(this.#table.getBigUint64(at + 8, true)),
        slot: Number(this.#table.getBigUint64(at + 32, true)),
      });
    }
    return count;
  }

  watch(_ring: number, wake: () => void): { hold(): void; release(): void } | number {
    if (this.#failsWith.watch !== undefined) return this.#failsWith.watch;
    this.#wake = wake;
    return { hold: () => void (this.holds = true), release: () => void (this.holds = false) };
  }

  addressOf(): number {
    return 2 ** 40;
  }

  /** Answers what was taken first, with bytes or −errno. */
  answer(result: number): void {
    const { slot } = must(this.taken.shift(), 'something taken');
    const words = new Int32Array(this.#queues);
    const tail = words[answersTailAt / 4] ?? 0;
    const at = answersAt / 4 + (tail & (2 * this.#entries - 1)) * 4;
    words[at] = slot;
    words[at + 2] = result;
    words[answersTailAt / 4] = tail + 1;
    this.#wake();
  }
}
