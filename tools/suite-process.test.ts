import { afterAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'caskade-suites-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['SIGTERM', 'SIGINT'] as const)(
  'on %s the suite under way cleans up, none follows, and the run has failed',
  async (signal) => {
    const told = join(folder, signal);
    // A suite that needs a moment to clean up, and two of them in a row.
    writeFileSync(
      join(folder, 'suite.mjs'),
      `import { appendFileSync } from 'node:fs';
       process.on('SIGTERM', () => setTimeout(() => { appendFileSync(process.argv[2], 'cleaned up '); process.exit(0); }, 100));
       appendFileSync(process.argv[2], 'begun ');
       console.log('begun');
       setInterval(() => undefined, 1000);`,
    );
    const module = JSON.stringify(join(import.meta.dirname, 'suite-process.ts'));
    writeFileSync(
      join(folder, 'run.mjs'),
      `import { endedBy, endOnSignals, runSuite } from ${module};
       endOnSignals();
       for (let i = 0; i < 2; i++) await runSuite(process.execPath, ['suite.mjs', process.argv[2]], { cwd: ${JSON.stringify(folder)}, minutesMax: 1 });
       process.exitCode = endedBy() === undefined ? 0 : 1;`,
    );
    const run = spawn(process.execPath, [join(folder, 'run.mjs'), told], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await once(run.stdout, 'data');
    const ended = once(run, 'exit');
    run.kill(signal);
    expect(await ended).toEqual([1, null]);
    expect(readFileSync(told, 'utf8')).toBe('begun cleaned up ');
  },
);
