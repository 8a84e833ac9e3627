import { expect, test } from '@jest/globals';
import { FlushForecast } from './flush-forecast.ts';

/** What is foretold of each write in a run of them; `f` is a flush. */
function foretold(forecast: FlushForecast, run: string): string {
  return run
    .split('')
    .map((act) => (act === 'f' ? (forecast.flushed(), 'f') : forecast.wrote() ? 'W' : 'w'))
    .join('');
}

test('as many writes as before come before the next flush', () => {
  expect(foretold(new FlushForecast(), 'wfwfwf')).toBe('wfWfWf');
  expect(foretold(new FlushForecast(), 'wwwfwwwf')).toBe('wwwfwwWf');
});

test('a flush of nothing tells nothing, and one guess goes wrong for each flush at most', () => {
  expect(foretold(new FlushForecast(), 'ffwffwwwww')).toBe('ffwffWwwww');
});

test('long runs are not foretold', () => {
  expect(foretold(new FlushForecast(), `${'w'.repeat(65)}f${'w'.repeat(65)}`)).not.toContain('W');
});
