/** Monotonic time in milliseconds since an arbitrary start; never wall time, never goes back. */
export interface Clock {
  nowMs(): number;
  /** Runs `task` once after `delayMs`; the answer cancels it. */
  after(delayMs: number, task: () => void): () => void;
}
