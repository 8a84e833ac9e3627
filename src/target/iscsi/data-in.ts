/** The answer to a command (RFC 7143 §11.4, §11.7): Data-In PDUs, the last of which carries a GOOD status, or a response. */
import type { Parameters } from './login-keys.ts';
import type { TargetPdu, SequenceNumbers } from './pdu.ts';
import type { Task, TaskOutcome } from './task.ts';
import { checkCondition } from './transport-sense.ts';

type Distribute<T> = T extends unknown ? Omit<T, keyof SequenceNumbers> : never;
/** A PDU before the session has numbered it. */
export type UnnumberedPdu = Distribute<TargetPdu>;

const good = 0x00;

/** How the length the command wanted differs from the length the initiator expected (§11.4.5). */
export function residualOf(task: Task, transferBytes: number) {
  const difference = transferBytes - task.expectedBytes;
  return { overflow: difference > 0, underflow: difference < 0, residualBytes: Math.abs(difference) };
}

/** SenseLength, then the sense data (§11.4.7). */
export function senseSegment(sense: Uint8Array): Uint8Array {
  const segment = new Uint8Array(2 + sense.byteLength);
  segment[0] = sense.byteLength >> 8;
  segment[1] = sense.byteLength & 0xff;
  segment.set(sense, 2);
  return segment;
}

export function answerPdus(
  task: Task,
  outcome: TaskOutcome,
  parameters: Parameters,
): readonly UnnumberedPdu[] {
  const data = outcome.data?.subarray(0, task.read ? task.expectedBytes : 0);
  const residual = residualOf(task, outcome.transferBytes);
  const collapse = outcome.status === good && data !== undefined && data.byteLength > 0;
  const pdus: UnnumberedPdu[] = data === undefined ? [] : dataPdus(task.tag, data, parameters);
  const last = pdus.at(-1);
  if (collapse && last?.kind === 'dataIn') {
    pdus[pdus.length - 1] = { ...last, final: true, hasStatus: true, status: good, ...residual };
    return pdus;
  }
  const expDataSn = pdus.length;
  const sense = outcome.status === checkCondition ? outcome.sense : undefined;
  pdus.push({
    kind: 'scsiResponse',
    tag: task.tag,
    status: outcome.status,
    expDataSn,
    ...residual,
    data: sense === undefined ? undefined : senseSegment(sense),
  });
  return pdus;
}

/** Segments of what the initiator takes, in sequences of at most MaxBurstLength, each ended by the F bit. */
function dataPdus(tag: number, data: Uint8Array, parameters: Parameters): UnnumberedPdu[] {
  const { sendSegmentBytesMax, maxBurstBytes } = parameters;
  const pdus: UnnumberedPdu[] = [];
  for (let offsetBytes = 0, burstAt = 0; offsetBytes < data.byteLength;) {
    const burstEnd = Math.min(burstAt + maxBurstBytes, data.byteLength);
    const end = Math.min(offsetBytes + sendSegmentBytesMax, burstEnd);
    pdus.push({
      kind: 'dataIn',
      tag,
      final: end === burstEnd,
      hasStatus: false,
      status: 0,
      dataSn: pdus.length,
      offsetBytes,
      overflow: false,
      underflow: false,
      residualBytes: 0,
      data: end - offsetBytes === data.byteLength ? data : data.subarray(offsetBytes, end),
    });
    offsetBytes = end;
    if (end === burstEnd) burstAt = burstEnd;
  }
  return pdus;
}
