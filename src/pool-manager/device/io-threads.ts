import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * Node runs file I/O on 4 threads unless it is told otherwise before the first one starts. A device that hangs must not
 * take them all: with several devices each may use only so many at a time, and there are more than that.
 *
 * More operations at a time than threads is cheaper, since a thread that is at work need not be woken; so one device
 * alone, which nobody waits behind, gets a queue longer than its threads are many. A thread is one operation that the
 * device can work on at a time: some 20 keep one busy.
 */
export interface IoShare {
  readonly threads: number;
  readonly operationsPerDevice: number;
}

/** More devices that hang than this leaves room for stall the others. */
const threadsMax = 512;

/** With io_uring threads only open files and compress, and none waits for a device. */
export function ioShare(devices: number, io: 'io_uring' | 'threads'): IoShare {
  if (io === 'io_uring') return { threads: 8, operationsPerDevice: 32 };
  return devices <= 1
    ? { threads: 20, operationsPerDevice: 32 }
    : { threads: Math.min(threadsMax, 16 + 4 * devices), operationsPerDevice: 14 };
}

/** To be called before the process has used a file or a name; a size that the environment gives stands. */
export function reserveThreads({ threads }: IoShare): void {
  process.env['UV_THREADPOOL_SIZE'] ??= String(threads);
}

/** How much nicer they are than the rest of the process. */
const nicer = 5;
const tasks = '/proc/self/task';

/**
 * Puts the threads that wait for devices behind the one that gives them work: else each one that it wakes takes its place
 * on the CPU, and the queue of the device runs dry (a third more reads on a busy machine of two CPUs). To be called when
 * they run, that is after the first operation; only on Linux, where threads have priorities of their own.
 */
export function yieldToLoop(): void {
  if (!existsSync(tasks)) return;
  const usual = getPriority();
  for (const task of readdirSync(tasks))
    if (nameOf(task) === 'libuv-worker') setPriority(Number(task), Math.min(19, usual + nicer));
}

/** Undefined: it has ended meanwhile. */
function nameOf(task: string): string | undefined {
  const path = `${tasks}/${task}/comm`;
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}
