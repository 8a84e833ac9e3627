/** What every implementation of FileOperations owes its callers. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileOperations } from './file-operations.ts';

const mib = 2 ** 20;

interface Answer {
  readonly error: Error | null;
  readonly bytes: number;
}

export function fileOperationsContract(name: string, open: () => FileOperations): void {
  describe(`file operations: ${name}`, () => {
    let folder = '';
    let descriptor = -1;
    let file = '';
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'caskade-file-operations-'));
      file = join(folder, 'file');
      descriptor = openSync(file, 'w+');
      ftruncateSync(descriptor, mib);
    });
    afterEach(() => {
      closeSync(descriptor);
      rmSync(folder, { recursive: true });
    });

    const answered = (start: (done: (error: Error | null, bytes: number) => void) => void) =>
      new Promise<Answer>((resolve) => {
        let isStarting = true;
        start((error, bytes) => {
          expect(isStarting).toBe(false); // never from within the call
          resolve({ error, bytes });
        });
        isStarting = false;
      });
    const write = (at: number, from: Uint8Array, length = from.byteLength, to = descriptor) =>
      answered((done) => open().write(to, from, length, at, done));
    const read = (at: number, into: Uint8Array, length = into.byteLength, from = descriptor) =>
      answered((done) => open().read(from, into, length, at, done));

    test('what is written is in the file at its place, and is read from there', async () => {
      const memory = new Uint8Array(3 * 4096).map((_, i) => i * 7);
      expect(await write(8192, memory.subarray(4096), 8192)).toEqual({ error: null, bytes: 8192 });
      expect(await answered((done) => open().sync(descriptor, done))).toEqual({ error: null, bytes: 0 });
      expect(readFileSync(file).subarray(8192, 16_384)).toEqual(Buffer.from(memory.subarray(4096)));
      const found = new Uint8Array(4096);
      expect(await read(12_288, found.subarray(96), 4000)).toEqual({ error: null, bytes: 4000 });
      expect(found.subarray(96)).toEqual(memory.subarray(8192, 12_192));
      expect(found.subarray(0, 96)).toEqual(new Uint8Array(96));
    });

    test('a place far behind the end of 32 bits is meant as it is', async () => {
      const far = 5 * 2 ** 32 + 4096;
      ftruncateSync(descriptor, far + 4096);
      await write(far, new Uint8Array(4096).fill(9));
      const found = new Uint8Array(4096);
      await read(far, found);
      expect(found.every((byte) => byte === 9)).toBe(true);
      await read(4096, found);
      expect(found.every((byte) => byte === 0)).toBe(true);
    });

    test('a read beyond the end says how much there was', async () => {
      expect(await read(mib - 4096, new Uint8Array(8192))).toEqual({ error: null, bytes: 4096 });
      expect(await read(mib, new Uint8Array(8192))).toEqual({ error: null, bytes: 0 });
    });

    test('errors are those of node:fs', async () => {
      const readOnly = openSync(file, 'r');
      const { error } = await write(0, new Uint8Array(4096), 4096, readOnly);
      closeSync(readOnly);
      expect(error).toMatchObject({
        code: 'EBADF',
        syscall: 'write',
        message: 'EBADF: bad file descriptor, write',
      });
      const closed = await answered((done) => open().sync(readOnly, done));
      expect(closed.error).toMatchObject({ code: 'EBADF', syscall: 'fdatasync' });
    });

    test('more at once than the kernel takes are all answered, each with its own', async () => {
      const count = 3_000;
      const pages = Array.from({ length: 256 }, (_, i) => new Uint8Array(4096).fill(i));
      await Promise.all(pages.map((page, i) => write(4096 * i, page)));
      const found = Array.from({ length: count }, () => new Uint8Array(4096));
      const answers = await Promise.all(found.map((into, i) => read(4096 * (i % 256), into)));
      expect(answers.every(({ error, bytes }) => error === null && bytes === 4096)).toBe(true);
      expect(found.every((page, i) => page.every((byte) => byte === i % 256))).toBe(true);
    });
  });
}
