/**
 * Runs libiscsi's conformance suite, every test in a process of its own, and compares the outcome with known-gaps.json.
 * The target is `caskade local` with three replicas, or what `--target` says: memory, local, tgt, or a URL (its data is
 * lost). The tester is the corrected one (tester.ts), or with `--packaged` Debian's. With `--write`, local and tgt are run
 * by both and docs/iscsi-conformance.md is made of that. Words choose suites.
 *
 *     node e2e/iscsi/conformance.ts [--write] [--packaged] [--target memory|local|tgt|URL] [SUITE…]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { login } from '../initiator/initiator.ts';
import { run } from '../shell.ts';
import { conformancePage } from './conformance-page.ts';
import { listSuites, runTest, type TestOutcome } from './libiscsi.ts';
import { correctedTester, packagedTester, type Tester } from './tester.ts';
import { givenPortal, localPortal, memoryPortal, tgtPortal, type Portal } from './portal.ts';

export interface Verdict extends TestOutcome {
  /** Why it is no surprise that it did not pass. */
  readonly gap: string | undefined;
}

type Reasons = Readonly<Record<string, string>>;
/** Why tests are skipped, and which assert something against the standards where the tester is not corrected. */
const gaps = JSON.parse(readFileSync(join(import.meta.dirname, 'known-gaps.json'), 'utf8')) as {
  readonly skipped: Reasons;
  readonly packaged: Reasons;
};
const gapOf = (name: string, { corrected }: Tester) =>
  gaps.skipped[name] ??
  gaps.skipped[`${name.slice(0, name.indexOf('.'))}.*`] ??
  (corrected ? undefined : gaps.packaged[name]);

/** Some tests rely on what an earlier one happened to leave; each suite begins with zeros here. */
async function zeroStart({ address, iqn, lun }: Portal): Promise<void> {
  const session = await login({ portal: address, target: iqn, lun });
  await session.unmap(0, 1 << 20);
  await session.logout();
}

export async function conformance(
  tester: Tester,
  portal: Portal,
  wanted: readonly string[],
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const [suite, tests] of await listSuites(tester.program)) {
    if (wanted.length > 0 && !wanted.includes(suite)) continue;
    await zeroStart(portal);
    for (const test of tests) {
      const outcome = await runTest(tester.program, [suite, test], portal.url);
      verdicts.push({ ...outcome, gap: gapOf(outcome.name, tester) });
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

async function conformanceOf(
  tester: Tester,
  portal: Portal,
  wanted: readonly string[],
): Promise<readonly Verdict[]> {
  try {
    return await conformance(tester, portal, wanted);
  } finally {
    await portal.stop();
  }
}

const portals: Readonly<Record<string, () => Promise<Portal>>> = {
  memory: () => memoryPortal({ sizeBytes: 1 << 30 }),
  local: localPortal,
  tgt: tgtPortal,
};

/** Against the target that `open` opens, and against tgt. */
async function beside(tester: Tester, open: () => Promise<Portal>, wanted: readonly string[]) {
  const ours = await conformanceOf(tester, await open(), wanted);
  return { tester, ours, tgt: await conformanceOf(tester, await tgtPortal(), wanted) };
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      target: { type: 'string', default: 'local' },
      write: { type: 'boolean', default: false },
      packaged: { type: 'boolean', default: false },
    },
  });
  const open = portals[values.target] ?? (async () => givenPortal(values.target));
  const tester = values.packaged ? packagedTester : await correctedTester();
  let verdicts: readonly Verdict[];
  if (values.write) {
    const corrected = await beside(tester, open, positionals);
    const packaged = await beside(packagedTester, open, positionals);
    const versions = (await run(['dpkg-query', '-W', 'libiscsi-bin', 'tgt'])).trim().split('\n');
    const page = conformancePage({ corrected, packaged, errors: gaps.packaged, versions });
    writeFileSync(join(import.meta.dirname, '../../docs/iscsi-conformance.md'), page);
    verdicts = corrected.ours;
  } else verdicts = await conformanceOf(tester, await open(), positionals);
  const { passed, failed, skipped } = countOf(verdicts);
  for (const { name, outcome, text, gap } of failed)
    console.log(`FAILED ${name}: ${outcome}${gap === undefined ? '' : ', but listed as a gap'} ${text}`);
  console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
  process.exitCode = failed.length === 0 && passed.length > 0 ? 0 : 1;
}
