// A few mutants of each area, others at each commit: can the checks fail?
//   node tools/mutants-sample.ts [--sample=2]
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { sample: { type: 'string', default: '2' } } });
const root = join(import.meta.dirname, '..');
const seed = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();

let passed = 0;
let failed = 0;
for (const area of readdirSync(join(root, 'tools', 'mutants')).toSorted()) {
  const args = ['tools/mutants.ts', area, `--sample=${values.sample}`, `--seed=${seed}`, '--jobs=2'];
  console.log(`\n-- ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) passed++;
  else failed++;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
