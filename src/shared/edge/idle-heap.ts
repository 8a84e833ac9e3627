/**
 * After load V8 collects a heap once more and gives back the memory that nobody uses; then it does so again every 106
 * seconds for as long as the process lives, though there is nothing left: 40 to 60 ms each time, as much as all else that
 * an idle pool or target does. So a process that has been idle for a while is told not to, until it works again.
 */
import { setFlagsFromString } from 'node:v8';

const lookMs = 60_000;
/** A process that used more of its time between two looks works. Idle ones use 1/1000, such a collection included. */
const busyShare = 0.01;
/** So many idle looks in a row: more than 106 s, so that the one collection that gives memory back is due by then. */
const idleLooks = 2;

interface Looks {
  /** Processor time of all threads of this process so far. */
  readonly processorMs: () => number;
  readonly setFlag: (flag: string) => void;
}

/** What is to be done every `lookMs`. */
export function heapLooks({ processorMs, setFlag }: Looks): () => void {
  let before = processorMs();
  let idle = 0;
  return () => {
    const now = processorMs();
    const wasIdle = now - before < busyShare * lookMs;
    before = now;
    if (!wasIdle && idle >= idleLooks) setFlag('--memory-reducer');
    idle = wasIdle ? idle + 1 : 0;
    if (idle === idleLooks) setFlag('--no-memory-reducer');
  };
}

/** For processes that serve, from their start to their end. */
export function keepIdleHeap(): void {
  const processorMs = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  };
  setInterval(heapLooks({ processorMs, setFlag: setFlagsFromString }), lookMs).unref();
}
