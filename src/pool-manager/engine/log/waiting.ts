/** A promise with its ends in hand, for whoever waits for a group or a checkpoint. */
export interface Waiting {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export function newWaiting(): Waiting {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  done.catch(() => undefined); // whoever waits hears it; the failure of the pool is told besides
  return { done, resolve, reject };
}
