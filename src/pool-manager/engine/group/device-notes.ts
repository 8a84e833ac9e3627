/** Notes of what became of devices since the last root (device-states.ts), and who waits for them. */
import { type DeviceStates, encodeStates } from './device-states.ts';
import { rootSlotBytes, statesOffsetBytes, statesSlots } from './label.ts';

export interface NoteWriter {
  /** What is to be noted now. */
  note(sequence: number): DeviceStates;
  /** Durable in both labels of all devices in use when answered. */
  write(offsetBytes: number, slot: Uint8Array): Promise<void>;
}

export class DeviceNotes {
  readonly #writer: NoteWriter;
  /** How often a device went out of use in the life of the pool, and up to which time the others know it. */
  #retired: number;
  #noted: number;
  #noting: Promise<void> | undefined;

  constructor(sequence: number, writer: NoteWriter) {
    this.#retired = this.#noted = sequence;
    this.#writer = writer;
  }

  /** A device is out of use. */
  retired(): void {
    this.#retired++;
  }

  /** Flushes and writes to the log are answered only when it is durable who lacks them. Undefined: it is. */
  readonly whenNoted = (): Promise<void> | undefined =>
    this.#noted === this.#retired ? undefined : (this.#noting ??= this.#note());

  async #note(): Promise<void> {
    while (this.#noted !== this.#retired) {
      const retired = this.#retired;
      const slot = encodeStates(this.#writer.note(retired));
      await this.#writer.write(statesOffsetBytes + (retired % statesSlots) * rootSlotBytes, slot);
      this.#noted = retired;
    }
    this.#noting = undefined;
  }
}
