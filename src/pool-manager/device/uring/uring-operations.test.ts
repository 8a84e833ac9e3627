import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileOperationsContract } from '../file-operations.contract.ts';
import { openUring } from './uring-operations.ts';

const uring = openUring();

/** Kernels and containers may forbid it; then pools use threads. */
if ('why' in uring)
  test('where it is forbidden, that is why there is none', () => {
    expect(uring.why).toMatch(/^io_uring_setup: E(PERM|NOSYS)$/);
  });
else {
  fileOperationsContract('io_uring', () => uring);

  const child = (after: string) => {
    const program = `
      import { openSync } from 'node:fs';
      import { openUring } from '${join(import.meta.dirname, 'uring-operations.ts')}';
      const uring = openUring();
      const file = openSync(process.argv[1], 'r');
      const page = new Uint8Array(4096);
      const read = (done) => uring.read(file, page, 4096, 0, done);
      ${after}`;
    const args = ['--input-type=module', '-e', program, import.meta.filename];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      timeout: 30_000,
    });
    return { stdout, stderr, status };
  };

  test('a process stays while something is under way, and ends by itself when nothing is', () => {
    const { stdout, status } = child(`read(() => setImmediate(() => read(() => console.log('both'))));`);
    expect([stdout, status]).toEqual(['both\n', 0]);
  });

  test('a process ends in order though answers have come that nobody has taken', () => {
    const ended = child(`
      read(() => process.on('exit', () => {
        read(() => undefined);
        process._tickCallback(); // that is given to the kernel, and done at once
      }));`);
    expect(ended).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('what an answer sets off goes on at once, and what it throws ends the process', () => {
    const goesOn = child(`
      setTimeout(() => console.log('late'), 1_000);
      read(() => Promise.resolve().then(() => process.nextTick(() => console.log('promised'))));`);
    expect(goesOn.stdout).toBe('promised\nlate\n');
    const thrown = child(
      `read(() => { throw new Error('not to be lost'); }); setTimeout(() => undefined, 1_000);`,
    );
    expect(thrown).toMatchObject({ status: 1, stderr: expect.stringContaining('not to be lost') });
  });
}
