/**
 * The data of one write on its way in (RFC 7143 §4.2.5.2, §11.7, §11.8): immediate, unsolicited up to FirstBurstLength,
 * the rest solicited by R2Ts of at most MaxBurstLength, several outstanding. Within each sequence DataSN counts from 0 and
 * offsets follow each other without a gap (DataPDUInOrder=Yes).
 */
import type { Parameters } from './login-keys.ts';
import { noTag, type PduOf } from './pdu.ts';
import { transferFault, type TransferFault } from './transport-sense.ts';

export interface Solicitation {
  readonly targetTransferTag: number;
  readonly r2tSn: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export type TransferStep =
  | { readonly type: 'wait' }
  /** All that may come unsolicited is here; the rest must be asked for by `solicit`. */
  | { readonly type: 'mayAsk' }
  | { readonly type: 'complete'; readonly data: Uint8Array }
  | { readonly type: 'failed'; readonly fault: TransferFault };

/** One sequence of Data-Out PDUs: the unsolicited one, or the answer to one R2T. */
interface Sequence {
  readonly startBytes: number;
  readonly endBytes: number;
  readonly solicited: boolean;
  atBytes: number;
  dataSn: number;
}

const wait: TransferStep = { type: 'wait' };
const mayAsk: TransferStep = { type: 'mayAsk' };
const failed = (fault: TransferFault): TransferStep => ({ type: 'failed', fault });

export class DataOutTransfer {
  /** How many bytes are collected before the command runs. */
  readonly wantedBytes: number;
  readonly #parameters: Parameters;
  readonly #sequences = new Map<number, Sequence>();
  #buffer: Uint8Array;
  #receivedBytes: number;
  #askedBytes = 0;
  #r2tSn = 0;
  readonly #start: TransferStep;

  constructor(command: PduOf<'scsiCommand'>, parameters: Parameters, options: { readonly bytesMax: number }) {
    this.wantedBytes = Math.min(command.expectedBytes, options.bytesMax);
    this.#parameters = parameters;
    this.#buffer = command.data;
    this.#receivedBytes = command.data.byteLength;
    this.#start = this.#begin(command);
  }

  get start(): TransferStep {
    return this.#start;
  }

  #begin(command: PduOf<'scsiCommand'>): TransferStep {
    const { initialR2t, immediateData, firstBurstBytes } = this.#parameters;
    const unsolicitedBytesMax = Math.min(firstBurstBytes, command.expectedBytes);
    const announced = !command.final;
    if ((this.#receivedBytes > 0 && !immediateData) || (announced && initialR2t))
      return failed(transferFault.unexpectedUnsolicitedData);
    if (this.#receivedBytes > unsolicitedBytesMax) return failed(transferFault.incorrectAmountOfData);
    if (announced && this.#receivedBytes < unsolicitedBytesMax) {
      const [startBytes, endBytes] = [this.#receivedBytes, unsolicitedBytesMax];
      this.#sequences.set(noTag, { startBytes, endBytes, solicited: false, atBytes: startBytes, dataSn: 0 });
      this.#grow(unsolicitedBytesMax);
      return wait;
    }
    return this.#afterUnsolicited();
  }

  #afterUnsolicited(): TransferStep {
    this.#askedBytes = this.#receivedBytes;
    return this.#complete() ?? mayAsk;
  }

  #complete(): TransferStep | undefined {
    if (this.#receivedBytes < this.wantedBytes) return undefined;
    return { type: 'complete', data: this.#buffer.subarray(0, this.wantedBytes) };
  }

  #grow(bytes: number): void {
    const buffer = new Uint8Array(bytes);
    buffer.set(this.#buffer.subarray(0, this.#receivedBytes));
    this.#buffer = buffer;
  }

  /** The R2Ts that may be sent now; `nextTag` makes target transfer tags. */
  solicit(nextTag: () => number): readonly Solicitation[] {
    if (this.#buffer.byteLength < this.wantedBytes) this.#grow(this.wantedBytes);
    const requests: Solicitation[] = [];
    while (this.#askedBytes < this.wantedBytes && this.#sequences.size < this.#parameters.outstandingR2tMax) {
      const offsetBytes = this.#askedBytes;
      const lengthBytes = Math.min(this.#parameters.maxBurstBytes, this.wantedBytes - offsetBytes);
      const endBytes = offsetBytes + lengthBytes;
      const targetTransferTag = nextTag();
      this.#sequences.set(targetTransferTag, {
        startBytes: offsetBytes,
        endBytes,
        solicited: true,
        atBytes: offsetBytes,
        dataSn: 0,
      });
      requests.push({ targetTransferTag, r2tSn: this.#r2tSn++, offsetBytes, lengthBytes });
      this.#askedBytes = endBytes;
    }
    return requests;
  }

  receive(pdu: PduOf<'dataOut'>): TransferStep {
    const sequence = this.#sequences.get(pdu.targetTransferTag);
    if (sequence === undefined) return failed(transferFault.dataPhaseError);
    if (pdu.dataSn !== sequence.dataSn) return failed(transferFault.dataPhaseError);
    if (pdu.offsetBytes !== sequence.atBytes) return failed(transferFault.dataOffsetError);
    const endBytes = sequence.atBytes + pdu.data.byteLength;
    if (endBytes > sequence.endBytes) return failed(transferFault.tooMuchWriteData);
    this.#store(sequence.atBytes, pdu.data);
    sequence.atBytes = endBytes;
    sequence.dataSn += 1;
    return this.#continue(pdu, sequence);
  }

  #continue(pdu: PduOf<'dataOut'>, sequence: Sequence): TransferStep {
    const full = sequence.atBytes === sequence.endBytes;
    if (!pdu.final && !full) return wait;
    // An initiator may send less than FirstBurstLength unsolicited; of what it was asked for it must send all.
    if (pdu.final !== full && sequence.solicited) return failed(transferFault.incorrectAmountOfData);
    this.#sequences.delete(pdu.targetTransferTag);
    if (!sequence.solicited) return this.#afterUnsolicited();
    return this.#complete() ?? (this.#askedBytes < this.wantedBytes ? mayAsk : wait);
  }

  #store(at: number, data: Uint8Array): void {
    const room = Math.max(0, Math.min(data.byteLength, this.#buffer.byteLength - at));
    this.#buffer.set(room === data.byteLength ? data : data.subarray(0, room), at);
    this.#receivedBytes += data.byteLength;
  }
}
