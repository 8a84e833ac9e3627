/** Runs tasks one after the other, in the order in which they were asked for, whatever became of the one before. */
export class OneByOne {
  #last: Promise<unknown> = Promise.resolve();

  /** Answers what the task answers; its failure belongs to whoever asked. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
