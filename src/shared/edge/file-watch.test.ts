import { expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchContent } from './file-watch.ts';

/** As kubelets mount a ConfigMap: file → ..data/file, ..data → a folder of that version. */
function mount(folder: string, version: string, content: string): void {
  mkdirSync(join(folder, version));
  writeFileSync(join(folder, version, 'config'), content);
  symlinkSync(version, join(folder, '..data.new'));
  renameSync(join(folder, '..data.new'), join(folder, '..data'));
}

test.each<[string, (folder: string, round: number) => void]>([
  ['the link above it is swapped', (folder, round) => mount(folder, `..${round}`, 'x')],
  ['it is written in place', (folder) => writeFileSync(join(folder, 'config'), 'y')],
  [
    'it is replaced',
    (folder) => {
      writeFileSync(join(folder, 'new'), 'z');
      renameSync(join(folder, 'new'), join(folder, 'config'));
    },
  ],
])('noticed: %s', async (_name, change) => {
  const folder = mkdtempSync(join(tmpdir(), 'caskade-watch-'));
  mount(folder, '..0', 'one');
  symlinkSync('..data/config', join(folder, 'config'));
  const changed = Promise.withResolvers<void>();
  const watching = watchContent(join(folder, 'config'), 10, () => changed.resolve());
  // Again and again: nobody knows when the watcher has looked for the first time.
  let round = 0;
  const timer = setInterval(() => change(folder, ++round), 20);
  await expect(changed.promise).resolves.toBeUndefined();
  clearInterval(timer);
  watching.stop();
  rmSync(folder, { recursive: true });
});
