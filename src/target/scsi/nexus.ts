/** One initiator port as a logical unit knows it (I_T nexus): the unit attentions it has yet to be told. */
import type { CopyRecord } from './extended-copy.ts';
import type { Condition } from './sense.ts';

export class Nexus {
  /** Initiator name and ISID: the SCSI initiator port name (RFC 7143 §4.4.1). */
  readonly name: string;
  /** Name of the initiator, whichever of its ports this is. */
  readonly initiator: string;
  /** The size of the volume that this initiator was last told or warned about. */
  knownBytes: number;
  /** It was told that the pools are nearly full, and they still are. */
  knowsSpaceIsLow = false;
  /** Its copies, by list identifier (EXTENDED COPY). */
  readonly copies = new Map<number, CopyRecord>();
  readonly #attentions: Condition[] = [];

  constructor(name: string, knownBytes: number) {
    this.name = name;
    this.initiator = name.split(',', 1)[0] ?? '';
    this.knownBytes = knownBytes;
  }

  /** A reset takes the place of what was pending before (SAM-5 §5.14.2); each condition waits at most once. */
  warn(condition: Condition): void {
    if (condition === 'poweredOn' || condition === 'unitReset') this.#attentions.length = 0;
    if (!this.#attentions.includes(condition)) this.#attentions.push(condition);
  }
  get hasAttention(): boolean {
    return this.#attentions.length > 0;
  }
  /** The oldest pending unit attention, which is then told. */
  take(): Condition | undefined {
    return this.#attentions.shift();
  }
}
