/** Which answers to SCSI commands only the target that serves the volume now may give. */
import type { Task, TaskOutcome } from './task.ts';

/** SAM-5 §5.3.1: the command is to come again. */
const busy = 0x08;
const taskSetFull = 0x28;
/** TEST UNIT READY, REQUEST SENSE, INQUIRY, REPORT LUNS (SPC-4). */
const tellsOfTarget: ReadonlySet<number> = new Set([0x00, 0x03, 0x12, 0xa0]);

/**
 * Whether an answer says something of the volume's content or state. That a command is to come again does not, nor what the
 * target is: initiators that hear this much while it can not answer keep their sessions, and wait.
 */
export function tellsOfVolume({ cdb }: Task, { status }: TaskOutcome): boolean {
  return status !== busy && status !== taskSetFull && !tellsOfTarget.has(cdb[0] ?? 0);
}
