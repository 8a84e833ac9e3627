import { expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeKernel } from './fake-kernel.ts';
import { openUring } from './uring-operations.ts';

const [eintr, eio, eagain, enomem, ebusy, enosys] = [-4, -5, -11, -12, -16, -38];
const page = new Uint8Array(4096);

function opened(kernel: FakeKernel) {
  const uring = openUring(kernel);
  if ('why' in uring) throw new Error(uring.why);
  const answers: [number, string | undefined, number][] = [];
  const read = (block: number) =>
    uring.read(3, page, 4096, 4096 * block, (error, bytes) => answers.push([block, error?.message, bytes]));
  return { read, answers };
}
/** After the microtasks of this turn. */
const turn = () => new Promise((resolve) => void setImmediate(resolve));

test.each([
  ['io_uring_setup: ENOSYS', new FakeKernel({ setup: enosys })],
  ['mmap: ENOMEM', new FakeKernel({ map: enomem })],
  ['io_uring_register: EBUSY', new FakeKernel({ watch: ebusy })],
  ['io_uring of a kernel before 5.6', new FakeKernel({}, 0b0011)],
])('%s: it says why not', (why, kernel) => {
  expect(openUring(kernel)).toEqual({ why });
});

test('what was asked in one turn is given in one call, and the process stays until all is answered', async () => {
  const kernel = new FakeKernel();
  const { read, answers } = opened(kernel);
  read(1);
  read(2);
  expect(kernel.taken).toEqual([]);
  await turn();
  expect(kernel.taken.map(({ offsetBytes }) => offsetBytes)).toEqual([4096, 8192]);
  kernel.answer(4096);
  expect(kernel.holds).toBe(true);
  kernel.answer(eio);
  expect(kernel.holds).toBe(false);
  expect(answers).toEqual([
    [1, undefined, 4096],
    [2, 'EIO: i/o error, read', 0],
  ]);
});

test('a kernel that takes nothing now is asked again', async () => {
  const kernel = new FakeKernel();
  kernel.refusals.push(eagain, ebusy, eintr);
  const { read, answers } = opened(kernel);
  read(1);
  for (let i = 0; i < 1_000 && kernel.taken.length === 0; i++) await delay(1);
  expect(kernel.refusals).toEqual([]);
  kernel.answer(4096);
  expect(answers).toEqual([[1, undefined, 4096]]);
});

test('an operation that was interrupted is begun again, and not for ever', async () => {
  const kernel = new FakeKernel();
  const { read, answers } = opened(kernel);
  read(5);
  await turn();
  kernel.answer(eintr);
  await turn();
  expect(kernel.taken).toMatchObject([{ offsetBytes: 5 * 4096 }]);
  let tries = 1;
  for (; answers.length === 0 && tries < 100; tries++) {
    kernel.answer(eagain);
    await turn();
  }
  expect(answers).toEqual([[5, 'EAGAIN: resource temporarily unavailable, read', 0]]);
  expect(tries).toBe(9);
});

test('what does not fit waits, and comes in order', async () => {
  const kernel = new FakeKernel();
  const { read, answers } = opened(kernel);
  for (let block = 0; block < 520; block++) read(block);
  await turn();
  expect(kernel.taken).toHaveLength(512);
  for (let i = 0; i < 10; i++) kernel.answer(4096);
  await turn();
  expect(kernel.taken.slice(-8).map(({ offsetBytes }) => offsetBytes / 4096)).toEqual(
    Array.from({ length: 8 }, (_, i) => 512 + i),
  );
  while (kernel.taken.length > 0) kernel.answer(4096);
  expect(answers).toHaveLength(520);
});
