/** The SCSI commands of a session, from their PDUs to their answers, and the functions that end them (RFC 7143 §11.3-§11.6). */
import { answerPdus } from './data-in.ts';
import { rejectReason } from './errors.ts';
import { tellsOfVolume } from './leased-answers.ts';
import type { Parameters } from './login-keys.ts';
import type { PduOf } from './pdu.ts';
import type { ManagementRequest, SessionConfig } from './session-events.ts';
import type { SessionOutput } from './session-output.ts';
import { managementFunctions, managementResponse, taskReassign } from './task-management.ts';
import { TaskSet } from './task-set.ts';
import type { Task, TaskOutcome, TaskState } from './task.ts';
import { checkCondition, transportSense } from './transport-sense.ts';
import { WriteData } from './write-data.ts';

interface SessionTasksOptions {
  readonly config: Pick<SessionConfig, 'hasLun' | 'limits'>;
  readonly output: SessionOutput;
  /** Those of the login, which is over when commands come. */
  readonly parameters: () => Parameters;
}

const nothing = new Uint8Array(0);

export class SessionTasks {
  readonly set = new TaskSet();
  readonly #o: SessionTasksOptions;
  readonly #writeData: WriteData;
  #immediateRunning = 0;

  constructor(options: SessionTasksOptions) {
    this.#o = options;
    const { config, output } = options;
    this.#writeData = new WriteData({
      tasks: this.set,
      limits: config.limits,
      makeTag: () => output.makeTag(),
      ask: ({ tag, lun }, request) =>
        output.send({ kind: 'readyToTransfer', tag, lun: Math.max(lun, 0), ...request }, false),
      complete: (task, data) => this.#run(task, data),
      failed: (task, fault) =>
        this.#answer(task, { status: checkCondition, sense: transportSense(fault), transferBytes: 0 }),
    });
  }

  // ---- commands

  begin(pdu: PduOf<'scsiCommand'>): void {
    const { config } = this.#o;
    if (this.set.has(pdu.tag)) return this.#refuse(pdu, rejectReason.taskInProgress);
    if (pdu.immediate && this.#immediateRunning >= config.limits.immediateMax)
      return this.#refuse(pdu, rejectReason.immediateCommandReject);
    const { tag, lun, attribute, read, write, expectedBytes } = pdu;
    const task = {
      tag,
      lun,
      cdb: cdbOf(pdu),
      attribute,
      read,
      write,
      expectedBytes,
      windowed: !pdu.immediate,
    };
    if (pdu.immediate) this.#immediateRunning += 1;
    if (!write && pdu.data.byteLength === 0 && pdu.final) return this.#run(task, nothing);
    return this.#writeData.begin(task, pdu, this.#o.parameters());
  }

  #refuse(pdu: PduOf<'scsiCommand'>, reason: number): void {
    if (!pdu.immediate) this.#o.output.window.end();
    this.#o.output.reject(reason, pdu.bhs);
  }

  data(pdu: PduOf<'dataOut'>): void {
    this.#writeData.receive(pdu);
  }

  #run(task: Task, data: Uint8Array): void {
    this.set.run(task);
    this.#o.output.add({ type: 'run', task, data });
  }

  done(task: Task, outcome: TaskOutcome): void {
    if (!this.set.end(task)) return this.#release(task);
    return this.#answer(task, outcome);
  }

  #answer(task: Task, outcome: TaskOutcome): void {
    this.#release(task);
    for (const pdu of answerPdus(task, outcome, this.#o.parameters()))
      this.#o.output.send(pdu, pdu.kind !== 'dataIn' || pdu.hasStatus, tellsOfVolume(task, outcome));
  }

  #release(task: Task): void {
    if (task.windowed) this.#o.output.window.end();
    else this.#immediateRunning -= 1;
  }

  // ---- task management

  manage(pdu: PduOf<'taskManagement'>): void {
    const { config, output } = this.#o;
    if (!pdu.immediate) output.window.end();
    const answer = (response: number) =>
      output.send({ kind: 'taskManagementResponse', tag: pdu.tag, response });
    const row = managementFunctions.get(pdu.function);
    if (row === undefined)
      return answer(
        pdu.function === taskReassign
          ? managementResponse.reassignNotSupported
          : managementResponse.notSupported,
      );
    if (row.reach !== 'target' && !config.hasLun(pdu.lun)) return answer(managementResponse.noSuchLun);
    const one = row.reach === 'task' ? this.set.abort(pdu.referencedTag, pdu.lun) : undefined;
    if (row.reach === 'task' && one === undefined) return answer(managementResponse.noSuchTask);
    const running =
      one === undefined
        ? this.abortAll(row.reach === 'target' ? undefined : pdu.lun)
        : this.#stillRunning([one]);
    output.add({ type: 'manage', request: { tag: pdu.tag, function: row, lun: pdu.lun, running } });
    return undefined;
  }

  managed({ tag }: ManagementRequest): void {
    this.#o.output.send({ kind: 'taskManagementResponse', tag, response: managementResponse.complete });
  }

  /** All tasks of the session on `lun` (undefined: on any); answers those that still run. */
  abortAll(lun: number | undefined): readonly Task[] {
    return this.#stillRunning(this.set.abortAll(lun));
  }

  /** Of what was aborted. What was only collecting its data is over. */
  #stillRunning(aborted: readonly TaskState[]): readonly Task[] {
    const of = (isOver: boolean) =>
      aborted.filter(({ mode }) => (mode === 'collecting') === isOver).map(({ task }) => task);
    this.#writeData.stop(of(true));
    for (const task of of(true)) this.#release(task);
    return of(false);
  }
}

/** The CDB, with what an extended-CDB segment adds to it (§11.2.2.4). */
function cdbOf(pdu: PduOf<'scsiCommand'>): Uint8Array {
  const first = pdu.bhs.subarray(32, 48);
  const { ahs } = pdu;
  for (let at = 0; at + 4 <= ahs.byteLength;) {
    const bytes = ((ahs[at] ?? 0) << 8) | (ahs[at + 1] ?? 0);
    const end = at + 3 + bytes;
    if (ahs[at + 2] === 1 && bytes > 1 && end <= ahs.byteLength)
      return new Uint8Array(Buffer.concat([first, ahs.subarray(at + 4, end)]));
    at += (3 + bytes + 3) & ~3;
  }
  return first;
}
