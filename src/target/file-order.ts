/** Which requests to one file may be under way together: all reads and writes, but for steps that must be alone. */
export class FileOrder {
  /** The end of the last step that is alone. */
  #exclusive: Promise<unknown> = Promise.resolve();
  #exclusiveWaiting = 0;
  /** Of those, the ones that no read may see half done. */
  #unreadable = 0;
  readonly #changes = new Set<Promise<unknown>>();
  readonly #reads = new Set<Promise<unknown>>();

  /** Nothing is under way that a change or a read would have to wait for. */
  get isFree(): boolean {
    return this.#exclusiveWaiting === 0 && this.#changes.size === 0;
  }

  read<T>(work: () => Promise<T>): Promise<T> {
    return track(this.#reads, this.#unreadable === 0 ? work() : this.#exclusive.then(work));
  }

  change<T>(work: () => Promise<T>): Promise<T> {
    return track(this.#changes, this.#exclusiveWaiting === 0 ? work() : this.#exclusive.then(work));
  }

  /** Runs `step` after all changes before it; changes after it wait for its end. `unread`: so do reads. */
  alone<T>(step: () => Promise<T>, { unread }: { readonly unread: boolean }): Promise<T> {
    this.#exclusiveWaiting += 1;
    if (unread) this.#unreadable += 1;
    const before = [this.#exclusive, ...this.#changes, ...(unread ? this.#reads : [])];
    const result = Promise.all(before).then(step);
    const end = () => {
      this.#exclusiveWaiting -= 1;
      if (unread) this.#unreadable -= 1;
    };
    this.#exclusive = result.then(end, end);
    return result;
  }
}

function track<T>(set: Set<Promise<unknown>>, work: Promise<T>): Promise<T> {
  const end: Promise<unknown> = work.then(
    () => set.delete(end),
    () => set.delete(end),
  );
  set.add(end);
  return work;
}
