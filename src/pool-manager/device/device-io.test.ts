import { expect, test } from '@jest/globals';
import { chooseIo } from './device-io.ts';
import { threadOperations } from './file-operations.ts';

const ring = { ...threadOperations };
const open = () => ring;
const refused = () => ({ why: 'io_uring_setup: EPERM' });

test.each([
  ['auto', open, { name: 'io_uring', operations: ring }],
  ['io_uring', open, { name: 'io_uring', operations: ring }],
  ['auto', refused, { name: 'threads', operations: threadOperations, why: 'io_uring_setup: EPERM' }],
  ['threads', open, { name: 'threads', operations: threadOperations, why: 'CASKADE_IO=threads' }],
])('%s', (setting, opens, io) => {
  expect(chooseIo(setting, opens)).toStrictEqual(io);
});

test('io_uring that can not be had where nothing else is wanted, and a setting that is none, are errors', () => {
  expect(() => chooseIo('io_uring', refused)).toThrow('CASKADE_IO=io_uring: io_uring_setup: EPERM');
  expect(() => chooseIo('fast', open)).toThrow('CASKADE_IO is fast: use auto, threads, io_uring');
});
