import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { ioShare, yieldToLoop } from './io-threads.ts';

test('one device that hangs leaves the others threads', () => {
  for (let devices = 2; devices <= 64; devices++) {
    const { threads, operationsPerDevice } = ioShare(devices, 'threads');
    // two more of each device may be urgent
    expect(threads - operationsPerDevice - 2).toBeGreaterThanOrEqual(4 * (devices - 1));
    expect(threads).toBeLessThanOrEqual(1024);
  }
});

test('threads that wait for devices come after the loop that feeds them', async () => {
  await stat('/'); // they run
  yieldToLoop();
  const priorities = readdirSync('/proc/self/task')
    .filter((task) => readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim() === 'libuv-worker')
    .map((task) => getPriority(Number(task)));
  expect(priorities.length).toBeGreaterThan(0);
  for (const priority of priorities) expect(priority).toBe(Math.min(19, getPriority() + 5));
});
