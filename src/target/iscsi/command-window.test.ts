import { expect, test } from '@jest/globals';
import { CommandWindow, serialAdd, serialBefore } from './command-window.ts';

// prettier-ignore
test.each([
  [0, 1, true], [1, 0, false], [5, 5, false],
  [0xffff_ffff, 0, true], [0, 0xffff_ffff, false],
  [0x7fff_ffff, 0x8000_0000, true], [0xffff_fff0, 0x10, true],
])('%i before %i: %s', (a, b, before) => {
  expect(serialBefore(a, b)).toBe(before);
});

test('numbers wrap', () => {
  expect(serialAdd(0xffff_ffff, 1)).toBe(0);
  const window = new CommandWindow({ commandsMax: 4, firstCmdSn: 0xffff_fffe });
  for (const cmdSn of [0xffff_fffe, 0xffff_ffff, 0, 1]) expect(window.receive(cmdSn)).toBe('take');
  expect(window.expCmdSn).toBe(2);
});

test('the window closes while commands run and opens as they end; MaxCmdSN never goes back', () => {
  const window = new CommandWindow({ commandsMax: 2, firstCmdSn: 10 });
  expect([window.expCmdSn, window.maxCmdSn]).toEqual([10, 11]);
  window.receive(10);
  window.receive(11);
  expect([window.expCmdSn, window.maxCmdSn]).toEqual([12, 11]);
  expect(window.receive(12)).toBe('ignore');
  window.end();
  expect([window.expCmdSn, window.maxCmdSn]).toEqual([12, 12]);
  expect(window.receive(12)).toBe('take');
});

test('what was received before, or is too far ahead, is ignored; a gap is told', () => {
  const window = new CommandWindow({ commandsMax: 8, firstCmdSn: 100 });
  expect(window.receive(99)).toBe('ignore');
  expect(window.receive(108)).toBe('ignore');
  expect(window.receive(101)).toBe('gap');
  expect(window.receive(100)).toBe('take');
});
