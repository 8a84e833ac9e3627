/** How initiators reach a volume: straight at the coordinator, or with SCSI commands (sim-scsi.ts). */
import type { Coordinator } from '../../replication/coordinator/coordinator.ts';
import type { Mend } from '../../replication/coordinator/scrub-mends.ts';
import type { Problem, Result } from '../../replication/coordinator/requests.ts';
import type { SnapshotAnswer } from '../../replication/coordinator/snapshot-commands.ts';
import type { SimProcess } from './sim-process.ts';

/** `aborted`: by task management; `lost`: told of a lossy recovery; `differs`: a compare and write found something else. */
export type DoorProblem = Problem | 'aborted' | 'lost' | 'differs';
export type DoorResult<T> = Result<T> | { readonly ok: false; readonly problem: DoorProblem };
export type DoorAnswer<T> = (result: DoorResult<T>) => void;

export type ManagementName = 'abort task' | 'abort task set' | 'logical unit reset';

/**
 * Blocks are of 4096 bytes. Answers come later, at most once; what was read is good until the answer returns. Data that is given
 * is the caller's again when the call returns.
 */
export interface Door {
  write(block: number, data: Uint8Array, fua: boolean, answer: DoorAnswer<void>): void;
  read(block: number, count: number, answer: DoorAnswer<Uint8Array>): void;
  unmap(block: number, count: number, answer: DoorAnswer<void>): void;
  flush(answer: DoorAnswer<void>): void;
  /** Persistent state. */
  setValue(value: number, answer: DoorAnswer<void>): void;
  resize(sizeBytes: number, answer: DoorAnswer<void>): void;
  /** To this snapshot, whatever newer ones that costs. */
  revert(name: string, answer: SnapshotAnswer): void;
  /** Of sectors of 512 bytes. Absent: there is no such command. */
  readonly writePart?: (sector: number, data: Uint8Array, answer: DoorAnswer<void>) => void;
  readonly readPart?: (sector: number, count: number, answer: DoorAnswer<Uint8Array>) => void;
  /** Puts `data` where `expected` is. Absent: there is no such command. */
  readonly swap?: (block: number, expected: Uint8Array, data: Uint8Array, answer: DoorAnswer<void>) => void;
  /** Writes blocks anew as that replica has them, while nobody else writes them. Absent: nobody can be kept out. */
  readonly mend?: Mend;
  readonly manage?: (what: ManagementName, answer: DoorAnswer<void>) => void;
  /** Throws Violation when a command has had no outcome for too long. */
  check(): void;
}

export function directDoor(coordinator: Coordinator, process: SimProcess): Door {
  return {
    write: (block, data, fua, answer) => coordinator.write(block, data, fua, process.nowMs, answer),
    read: (block, count, answer) => coordinator.read(block, count, process.nowMs, answer),
    unmap: (block, count, answer) => coordinator.unmap(block, count, process.nowMs, answer),
    flush: (answer) => coordinator.flush(process.nowMs, answer),
    setValue: (value, answer) =>
      coordinator.setValue(`key ${value % 2}`, `value ${value}`, process.nowMs, answer),
    resize: (sizeBytes, answer) => coordinator.resize(sizeBytes, process.nowMs, answer),
    revert: (name, answer) => coordinator.revert(name, true, process.nowMs, answer),
    check: () => undefined,
  };
}
