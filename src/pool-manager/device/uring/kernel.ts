/**
 * The calls that io_uring consists of, by koffi: an optional package with a prebuilt library, as Node itself has no way to
 * them. x86_64 and arm64 have the same numbers.
 */
import type * as koffiModule from 'koffi';
import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';

type Koffi = typeof koffiModule;

const setupCall = 425;
const enterCall = 426;
const registerCall = 427;
const registerEventfd = 4;
/** PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE. */
const readWrite = 3;
const sharedNow = 0x8001;
const mapFailed = 2n ** 64n - 1n;
/** EFD_NONBLOCK | EFD_CLOEXEC. */
const eventFlags = 0o2004000;

export interface Kernel {
  /** A ring's descriptor, or −errno. `params`: struct io_uring_params, filled in. */
  setup(entries: number, params: ArrayBuffer): number;
  /** Memory of the ring, or −errno. */
  map(ring: number, lengthBytes: number, offset: number): ArrayBuffer | number;
  /** How many of the entries were taken, or −errno. */
  enter(ring: number, count: number): number;
  /** From now on `wake` is called, as a call of its own from the loop, when something is done. Or −errno. */
  watch(ring: number, wake: () => void): Watch | number;
  addressOf(buffer: ArrayBufferLike): number;
}

/** The process may end while it watches, unless it is told to `hold`. */
export interface Watch {
  hold(): void;
  release(): void;
}

/** Says why not: this is no main thread of a Linux, or koffi was left out or has nothing for this machine. */
export function openKernel(): Kernel | { readonly why: string } {
  if (process.platform !== 'linux' || !isMainThread) return { why: 'no main thread of a Linux' };
  try {
    return bind(createRequire(import.meta.url)('koffi') as Koffi);
  } catch (error) {
    const [line = ''] = String(error instanceof Error ? error.message : error).split('\n');
    return { why: `koffi: ${line}` };
  }
}

function bind(koffi: Koffi): Kernel {
  const libc = koffi.load(null);
  const long = 'int64_t';
  const pointer = 'void *';
  const syscall = (...types: readonly string[]) => libc.func('syscall', long, [long, ...types]);
  const setup = syscall(long, pointer);
  const enter = syscall(long, long, long, long, long, long);
  const register = syscall(long, long, pointer, long);
  const mmap = libc.func('mmap', pointer, [long, long, 'int', 'int', 'int', long]);
  const eventfd = libc.func('eventfd', 'int', ['uint', 'int']);
  const read = libc.func('read', long, ['int', pointer, long]);
  const told = (answer: number) => (answer < 0 ? -koffi.errno() : Number(answer));
  return {
    setup: (entries, params) => told(setup(setupCall, entries, params)),
    map(ring, lengthBytes, offset) {
      const memory: unknown = mmap(0, lengthBytes, readWrite, sharedNow, ring, offset);
      return koffi.address(memory) === mapFailed ? -koffi.errno() : koffi.view(memory, lengthBytes);
    },
    enter: (ring, count) => told(enter(enterCall, ring, count, 0, 0, 0, 0)),
    watch(ring, wake) {
      const event = told(eventfd(0, eventFlags));
      if (event < 0) return event;
      const failed = told(register(registerCall, ring, registerEventfd, new Int32Array([event]), 1));
      if (failed < 0) return failed;
      const count = new ArrayBuffer(8);
      const inTurn = turnOf(wake);
      const handle = koffi.node.poll(event, { readable: true }, () => {
        read(event, count, 8);
        inTurn();
      });
      handle.unref();
      let isOver = false;
      // While Node takes its environment apart the loop runs once more: what called back then would abort the process.
      process.once('exit', () => {
        isOver = true;
        handle.close();
      });
      return {
        hold: () => void (isOver || handle.ref()),
        release: () => void (isOver || handle.unref()),
      };
    },
    addressOf: (buffer) => Number(koffi.address(new Uint8Array(buffer))),
  };
}

/**
 * What koffi calls is not called as Node calls: promises would not go on after it, and what it throws would be lost. So it
 * comes as an immediate, which is next in the same turn of the loop.
 */
function turnOf(wake: () => void): () => void {
  let isComing = false;
  const run = (): void => {
    isComing = false;
    wake();
  };
  return () => {
    if (!isComing) setImmediate(run);
    isComing = true;
  };
}
