/** A command of the express lane (server-express.ts) while it is not over: a task of the session as any other. */
import type { Task } from './iscsi/task.ts';
import type { TaskGroup } from './scsi/task-order.ts';
import type { QuickAnswer, VolumeError } from './volume.ts';

/** Who hears of its end. */
export interface PlainTaskEnd {
  done(task: PlainTask, problem: VolumeError | undefined, data: Uint8Array | undefined): void;
}

const nothing = new Uint8Array(0);

/** One plain command; used again for later ones. */
export class PlainTask implements Task, QuickAnswer {
  tag = 0;
  readonly lun = 0;
  readonly cdb = nothing;
  readonly attribute = 1;
  read = false;
  write = false;
  expectedBytes = 0;
  readonly windowed = true;
  isOver = false;
  /** Set while it is a task of the session. */
  group: TaskGroup | undefined;
  readonly #lane: PlainTaskEnd;
  #end: PromiseWithResolvers<void> | undefined;

  constructor(lane: PlainTaskEnd) {
    this.#lane = lane;
  }

  begin(tag: number, write: boolean, expectedBytes: number): void {
    this.tag = tag;
    this.read = !write;
    this.write = write;
    this.expectedBytes = expectedBytes;
    this.isOver = false;
    this.group = undefined;
  }

  /** Settles when it is over. */
  end(): Promise<void> {
    this.#end ??= Promise.withResolvers<void>();
    return this.#end.promise;
  }

  ended(): void {
    this.#end?.resolve();
    this.#end = undefined;
  }

  quickDone(problem: VolumeError | undefined, data: Uint8Array | undefined): void {
    this.isOver = true;
    this.#lane.done(this, problem, data);
  }
}
