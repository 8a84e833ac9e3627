/** What is answered instead of a result: sense data, and the problems of a volume as SCSI has them. */
import type { VolumeError, VolumeProblem } from '../volume.ts';
import { CheckCondition, senseOf, type Condition } from './sense.ts';
import { scsiStatus, type ScsiResult } from './status.ts';

const problems: Readonly<Record<Exclude<VolumeProblem, 'busy'>, Condition>> = {
  noSpace: 'spaceAllocationFailed',
  unreadable: 'unrecoveredRead',
  unflushedWritesLost: 'writesLost',
};

/** `descriptorSense`: in which of the two formats (SPC-4 §4.5). */
export function checkCondition(error: CheckCondition, descriptorSense: boolean): ScsiResult {
  const sense = senseOf(error, descriptorSense);
  return { status: scsiStatus.checkCondition, sense, transferBytes: error.transferBytes };
}

export function failureOf({ problem, answered }: VolumeError, descriptorSense: boolean): ScsiResult {
  if (problem === 'busy') return { status: scsiStatus.busy, transferBytes: 0 };
  return { ...checkCondition(new CheckCondition(problems[problem]), descriptorSense), answered };
}
