// Loaded into a target before it starts (`node --import`): notes how long the process stood still for garbage collection
// once it had warmed up, and writes it to $GARBAGE_FILE when it ends.
import { writeFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

export interface Pauses {
  readonly longestMs: number;
  readonly count: number;
}

/** What the start leaves behind is not of the load. */
const startMs = 1_500;

const file = process.env['GARBAGE_FILE'];
let [longestMs, count] = [0, 0];
const note = (entries: readonly { readonly startTime: number; readonly duration: number }[]) => {
  for (const { startTime, duration } of entries) {
    if (startTime < startMs) continue;
    longestMs = Math.max(longestMs, duration);
    count += 1;
  }
};
const observer = new PerformanceObserver((list) => note(list.getEntries()));
observer.observe({ entryTypes: ['gc'] });
process.on('exit', () => {
  note(observer.takeRecords());
  if (file !== undefined) writeFileSync(file, JSON.stringify({ longestMs, count } satisfies Pauses));
});
