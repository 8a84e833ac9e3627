import { expect, test } from '@jest/globals';
import { ioShare } from './io-threads.ts';

test('one device that hangs leaves the others threads', () => {
  for (let devices = 2; devices <= 64; devices++) {
    const { threads, operationsPerDevice } = ioShare(devices);
    // two more of each device may be urgent
    expect(threads - operationsPerDevice - 2).toBeGreaterThanOrEqual(4 * (devices - 1));
    expect(threads).toBeLessThanOrEqual(1024);
  }
});
