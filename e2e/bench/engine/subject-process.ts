/** Starts the process that is measured and asks it for one load after the other. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { deviceIo } from '../../../src/pool-manager/device/device-io.ts';
import { ioShare } from '../../../src/pool-manager/device/io-threads.ts';
import type { Load, Measured } from './subject.ts';

export interface Subject {
  ask(load: Load): Promise<Measured>;
  stop(): Promise<void>;
}

/** `devices`: how many its pool will have; it gets as many threads as a pool daemon. */
export function startSubject(devices = 1): Subject {
  const child = fork(join(import.meta.dirname, 'subject.ts'), {
    execArgv: ['--max-old-space-size=512'],
    env: { ...process.env, UV_THREADPOOL_SIZE: String(ioShare(devices, deviceIo().name).threads) },
  });
  const ended = once(child, 'exit').then(([status, signal]) => {
    throw new Error(`the measured process ended (${status ?? signal})`);
  });
  ended.catch(() => undefined); // told to whoever asks next
  return {
    async ask(load) {
      const answered = once(child, 'message');
      child.send(load);
      // Our own child's message.
      const [measured] = (await Promise.race([answered, ended])) as [Measured];
      return measured;
    },
    async stop() {
      child.disconnect();
      await ended.catch(() => undefined);
    },
  };
}
