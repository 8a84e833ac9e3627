/**
 * What a volume is besides its blocks, as the entries of the stream make it. `issued` follows each entry as it gets its
 * number: a replica that begins to rebuild is given that. `shown` follows when the entry is durable.
 */
import type { EntryBody } from '../messages.ts';
import type { Values } from '../record.ts';

interface State {
  readonly sizeBytes: number;
  readonly values: Values;
}

export class VolumeState {
  #issued: State = { sizeBytes: 0, values: {} };
  #shown: State = { sizeBytes: 0, values: {} };

  get issued(): State {
    return this.#issued;
  }

  get shown(): State {
    return this.#shown;
  }

  /** A recovery has chosen this; it may be shown once that is settled. */
  adopt({ sizeBytes, values }: State): void {
    this.#issued = { sizeBytes, values };
  }

  settled(): void {
    this.#shown = this.#issued;
  }

  /** What the volume is after this entry. Of two resizes under way the larger one holds: a volume never shrinks. */
  noted(body: EntryBody): EntryBody {
    if (body.kind === 'resize') {
      const sizeBytes = Math.max(body.sizeBytes, this.#issued.sizeBytes);
      this.#issued = { ...this.#issued, sizeBytes };
      return { kind: 'resize', sizeBytes };
    }
    if (body.kind === 'state') {
      this.#issued = { ...this.#issued, values: { ...this.#issued.values, [body.key]: body.value } };
    }
    return body;
  }

  resized(sizeBytes: number): void {
    this.#shown = { ...this.#shown, sizeBytes: Math.max(sizeBytes, this.#shown.sizeBytes) };
  }

  valueSet(key: string, value: string): void {
    this.#shown = { ...this.#shown, values: { ...this.#shown.values, [key]: value } };
  }
}
