/**
 * Runs libiscsi's conformance suite, every test in a process of its own, and compares the outcome with known-gaps.json.
 * The target is `caskade local` with three replicas, or what `--target` says: memory, local, tgt, or a URL (its data is
 * lost). With `--write`, local and tgt are run and docs/iscsi-conformance.md is made from both. Words choose suites.
 *
 *     node e2e/iscsi/conformance.ts [--write] [--target memory|local|tgt|URL] [SUITE…]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { login } from '../initiator/initiator.ts';
import { run } from '../shell.ts';
import { conformancePage } from './conformance-page.ts';
import { listSuites, runTest, type TestOutcome } from './libiscsi.ts';
import { givenPortal, localPortal, memoryPortal, tgtPortal, type Portal } from './portal.ts';

export interface Verdict extends TestOutcome {
  /** Why it is no surprise that it did not pass. */
  readonly gap: string | undefined;
}

const gaps = JSON.parse(readFileSync(join(import.meta.dirname, 'known-gaps.json'), 'utf8')) as Record<
  string,
  string
>;
const gapOf = (name: string) => gaps[name] ?? gaps[`${name.slice(0, name.indexOf('.'))}.*`];

/** Some tests rely on what an earlier one happened to leave; each suite begins with zeros here. */
async function zeroStart({ address, iqn, lun }: Portal): Promise<void> {
  const session = await login({ portal: address, target: iqn, lun });
  await session.unmap(0, 1 << 20);
  await session.logout();
}

export async function conformance(portal: Portal, wanted: readonly string[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const [suite, tests] of await listSuites()) {
    if (wanted.length > 0 && !wanted.includes(suite)) continue;
    await zeroStart(portal);
    for (const test of tests) {
      const outcome = await runTest(suite, test, portal.url);
      verdicts.push({ ...outcome, gap: gapOf(outcome.name) });
    }
  }
  return verdicts;
}

/** Failed: a test that did not pass without a known reason, or that passed although a reason is on record. */
export function countOf(verdicts: readonly Verdict[]) {
  const passed = verdicts.filter(({ outcome, gap }) => outcome === 'passed' && gap === undefined);
  const skipped = verdicts.filter(({ outcome, gap }) => outcome !== 'passed' && gap !== undefined);
  const failed = verdicts.filter((verdict) => !passed.includes(verdict) && !skipped.includes(verdict));
  return { passed, failed, skipped };
}

async function conformanceOf(portal: Portal, wanted: readonly string[]): Promise<readonly Verdict[]> {
  try {
    return await conformance(portal, wanted);
  } finally {
    await portal.stop();
  }
}

const portals: Readonly<Record<string, () => Promise<Portal>>> = {
  memory: () => memoryPortal({ sizeBytes: 1 << 30 }),
  local: localPortal,
  tgt: tgtPortal,
};

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { target: { type: 'string', default: 'local' }, write: { type: 'boolean', default: false } },
  });
  const open = portals[values.target] ?? (async () => givenPortal(values.target));
  const verdicts = await conformanceOf(await open(), positionals);
  const { passed, failed, skipped } = countOf(verdicts);
  for (const { name, outcome, text, gap } of failed)
    console.log(`FAILED ${name}: ${outcome}${gap === undefined ? '' : ', but listed as a gap'} ${text}`);
  if (values.write) {
    const peer = await conformanceOf(await tgtPortal(), positionals);
    const versions = (await run(['dpkg-query', '-W', 'libiscsi-bin', 'tgt'])).trim().split('\n');
    const page = conformancePage(verdicts, peer, versions);
    writeFileSync(join(import.meta.dirname, '../../docs/iscsi-conformance.md'), page);
  }
  console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
  process.exitCode = failed.length === 0 && passed.length > 0 ? 0 : 1;
}
