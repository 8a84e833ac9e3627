/** The data of a session's writes on its way in: what may be asked for at a time, and what becomes of each write. */
import { assert } from '../../shared/assert.ts';
import { DataOutTransfer, type Solicitation, type TransferStep } from './data-out.ts';
import type { Parameters } from './login-keys.ts';
import type { PduOf } from './pdu.ts';
import { SolicitationBudget } from './solicitation-budget.ts';
import type { TaskSet } from './task-set.ts';
import type { Task } from './task.ts';
import type { TransferFault } from './transport-sense.ts';

interface WriteDataHost {
  readonly tasks: TaskSet;
  readonly limits: { readonly transferBytesMax: number; readonly solicitedBytesMax: number };
  /** A target transfer tag that is not in use. */
  readonly makeTag: () => number;
  readonly ask: (task: Task, request: Solicitation) => void;
  readonly complete: (task: Task, data: Uint8Array) => void;
  readonly failed: (task: Task, fault: TransferFault) => void;
}

export class WriteData {
  readonly #o: WriteDataHost;
  readonly #budget: SolicitationBudget;

  constructor(host: WriteDataHost) {
    this.#o = host;
    this.#budget = new SolicitationBudget(host.limits.solicitedBytesMax);
  }

  begin(task: Task, pdu: PduOf<'scsiCommand'>, parameters: Parameters): void {
    const { tasks, limits } = this.#o;
    const command = task.write ? pdu : { ...pdu, expectedBytes: 0 };
    const transfer = new DataOutTransfer(command, parameters, { bytesMax: limits.transferBytesMax });
    tasks.collect(task, transfer);
    this.#follow(task, transfer, transfer.start);
  }

  receive(pdu: PduOf<'dataOut'>): void {
    const state = this.#o.tasks.collecting(pdu.tag);
    // Data for a task that has ended (aborted, failed) may still be on its way: dropped.
    if (state !== undefined) this.#follow(state.task, state.transfer, state.transfer.receive(pdu));
  }

  /** The writes were aborted: all of them leave before any other is asked for its data. */
  stop(tasks: readonly Task[]): void {
    for (const task of tasks) this.#budget.leave(task);
    this.#askNext();
  }

  #follow(task: Task, transfer: DataOutTransfer, step: TransferStep): void {
    switch (step.type) {
      case 'wait':
        return;
      case 'mayAsk':
        if (this.#budget.has(task)) return this.#ask(task, transfer);
        this.#budget.want(task, transfer.wantedBytes);
        return this.#askNext();
      case 'complete':
        this.stop([task]);
        return this.#o.complete(task, step.data);
      case 'failed':
        this.stop([task]);
        this.#o.tasks.end(task);
        return this.#o.failed(task, step.fault);
    }
  }

  #ask(task: Task, transfer: DataOutTransfer): void {
    for (const request of transfer.solicit(this.#o.makeTag)) this.#o.ask(task, request);
  }

  /** Lets writes that wait ask for their data while there is room for it. */
  #askNext(): void {
    for (const task of this.#budget.admit()) {
      const state = this.#o.tasks.collecting(task.tag);
      assert(state?.task === task, 'a write that waits for its data is collecting it');
      this.#ask(task, state.transfer);
    }
  }
}
