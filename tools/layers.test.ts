// The check of the import directions can fail: planted violations are found, and the tree itself passes.
import { afterAll, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
/** A tree of its own with the same configuration, so that nothing is planted in the real one. */
const trial = mkdtempSync(join(tmpdir(), 'caskade-layers-'));

function lint(files: Readonly<Record<string, string>>): string {
  rmSync(trial, { recursive: true, force: true });
  mkdirSync(join(trial, 'tools'), { recursive: true });
  execFileSync('cp', [
    join(root, '.oxlintrc.json'),
    join(root, 'tsconfig.json'),
    join(root, 'package.json'),
    trial,
  ]);
  execFileSync('cp', [join(root, 'tools/layers.ts'), join(trial, 'tools')]);
  symlinkSync(join(root, 'node_modules'), join(trial, 'node_modules'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(trial, name)), { recursive: true });
    writeFileSync(join(trial, name), text);
  }
  const { stdout, stderr } = spawnSync(
    join(root, 'node_modules/.bin/oxlint'),
    ['--deny-warnings', '--format', 'unix', 'src'],
    { cwd: trial, encoding: 'utf8' },
  );
  return `${stdout}${stderr}`;
}
afterAll(() => rmSync(trial, { recursive: true, force: true }));

const leaf = { 'src/shared/a.ts': 'export const a = 1;\n' };

test('an import down the table passes', () => {
  const report = lint({ ...leaf, 'src/replication/b.ts': `export { a } from '../shared/a.ts';\n` });
  expect(report).not.toContain('must not');
  expect(report).not.toContain('/src/');
});

// prettier-ignore
test.each([
  ['core to sibling core',        'src/target/iscsi/x.ts',         `import '../scsi/y.ts';`,                    'must not import target/scsi/y.ts'],
  ['core to edge',                'src/replication/x.ts',          `import '../target/server.ts';`,             'must not import target/server.ts'],
  ['core to shared edge',         'src/replication/x.ts',          `export * from '../shared/edge/logger.ts';`, 'must not import shared/edge/logger.ts'],
  ['leaf to core, types only',    'src/shared/x.ts',               `import type { E } from '../pool-manager/engine/e.ts'; export type F = E;`, 'must not import pool-manager/engine/e.ts'],
  ['one process to another',      'src/target/x.ts',               `export const x = () => import('../pool-manager/admin-server.ts');`, 'must not import pool-manager/admin-server.ts'],
  ['data plane to Kubernetes',    'src/target/x.ts',               `import '../reconcilers/runtime/store.ts';`, 'must not import reconcilers/runtime/store.ts'],
  ['anybody to a main',           'src/target/x.ts',               `import './main.ts';`,                       'must not import target/main.ts'],
  ['plan to edge',                'src/reconcilers/cspc/plan.ts',  `import './apply.ts';`,                      'must not import reconcilers/cspc/apply.ts'],
  ['a folder nobody knows',       'src/misc/x.ts',                 `import '../shared/a.ts';`,                  'belongs to no layer'],
  ['a socket in a core',          'src/replication/x.ts',          `import 'node:net';`,                        `'node:net' import is restricted`],
  ['wall time in a core',         'src/target/scsi/x.ts',          `export const x = () => Date.now();`,        `'Date'`],
  ['a timer in a core',           'src/pool-manager/engine/x.ts',  `setTimeout(() => undefined, 1);`,           `'setTimeout'`],
  ['chance in a core',            'src/replication/x.ts',          `export const x = () => Math.random();`,     `Math.random`],
])('%s is found', (_what, file, text, message) => {
  expect(lint({ ...leaf, [file]: `${text}\n` })).toContain(message);
});
