// The engine's share of the tests that need processes: power cuts, random operations with faults, overwriting by many, a reader in another
// language, and the walk-through of docs/pool-recovery.md.
//   node e2e/engine/run.ts [--first=SEED]
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { first: { type: 'string', default: '1' } } });
const root = join(import.meta.dirname, '../..');
const { first } = values;

const parts: readonly (readonly string[])[] = [
  ['e2e/engine/crash.ts', '--states=10000', '--minutes=12', `--first=${first}`],
  ['e2e/engine/model.ts', '--operations=60000', '--minutes=3', '--per=2000', `--first=${first}`],
  ['e2e/engine/storm.ts', '--writes=30000', '--minutes=3', `--first=${first}`],
  ['e2e/engine/reader.ts', `--seed=${first}`],
  ['e2e/engine/recovery.ts'],
];

let failed = 0;
for (const [script = '', ...flags] of parts) {
  console.log(`\n-- ${script} ${flags.join(' ')}`);
  const { status } = spawnSync(process.execPath, [script, ...flags], { cwd: root, stdio: 'inherit' });
  if (status !== 0) failed++;
}
console.log(`${parts.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
