/**
 * Node runs file I/O on 4 threads unless it is told otherwise before the first one starts. A device that hangs must not
 * take them all: with several devices each may use only so many at a time, and there are more than that.
 *
 * More operations at a time than threads is cheaper, since a thread that is at work need not be woken; so one device
 * alone, which nobody waits behind, gets few threads and a long queue.
 */
export interface IoShare {
  readonly threads: number;
  readonly operationsPerDevice: number;
}

/** More devices that hang than this leaves room for stall the others. */
const threadsMax = 512;

export const ioShare = (devices: number): IoShare =>
  devices <= 1
    ? { threads: 16, operationsPerDevice: 32 }
    : { threads: Math.min(threadsMax, 16 + 4 * devices), operationsPerDevice: 14 };

/** To be called before the process has used a file or a name; a size that the environment gives stands. */
export function reserveThreads({ threads }: IoShare): void {
  process.env['UV_THREADPOOL_SIZE'] ??= String(threads);
}
