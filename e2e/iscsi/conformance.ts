/**
 * Runs libiscsi's conformance suite against a target in memory, or with `--url iscsi://…` against any other (its data is
 * lost), compares the outcome with known-gaps.json and, with `--write`, renews the table in docs/iscsi.md. Words on the
 * command line choose suites.
 *
 *     node e2e/iscsi/conformance.ts [--write] [--url URL] [SUITE…]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { login } from '../initiator/initiator.ts';
import { listSuites, runSuite, type TestOutcome } from './libiscsi.ts';
import { givenPortal, memoryPortal, type Portal } from './portal.ts';

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
    for (const outcome of await runSuite(suite, tests, portal.url))
      verdicts.push({ ...outcome, gap: gapOf(outcome.name) });
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

function table(verdicts: readonly Verdict[]): string {
  const suites = Map.groupBy(verdicts, ({ name }) => name.slice(0, name.indexOf('.')));
  const rows = [...suites].map(([suite, all]) => {
    const passed = all.filter(({ outcome }) => outcome === 'passed').length;
    const reasons = new Set(
      all.flatMap(({ outcome, gap }) => (outcome === 'passed' ? [] : (gap ?? 'unexpected'))),
    );
    return `| ${suite} | ${all.length} | ${passed} | ${[...reasons].join('; ')} |`;
  });
  const passed = verdicts.filter(({ outcome }) => outcome === 'passed').length;
  const total = `| **all** | **${verdicts.length}** | **${passed}** | |`;
  return ['| suite | tests | passed | the others |', '|---|---|---|---|', ...rows, total].join('\n');
}

function writeDocs(verdicts: readonly Verdict[]): void {
  const path = join(import.meta.dirname, '../../docs/iscsi.md');
  const [begin, end] = [
    '<!-- conformance: node e2e/iscsi/conformance.ts --write -->',
    '<!-- end of conformance -->',
  ];
  const text = readFileSync(path, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${path} has no place for the table`);
  writeFileSync(path, `${text.slice(0, from + begin.length)}\n\n${table(verdicts)}\n\n${text.slice(to)}`);
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { url: { type: 'string' }, write: { type: 'boolean' } },
  });
  const portal =
    values.url === undefined ? await memoryPortal({ sizeBytes: 1 << 30 }) : givenPortal(values.url);
  const verdicts = await conformance(portal, positionals);
  await portal.stop();
  const { passed, failed, skipped } = countOf(verdicts);
  for (const { name, outcome, text, gap } of failed)
    console.log(`FAILED ${name}: ${outcome}${gap === undefined ? '' : ', but listed as a gap'} ${text}`);
  if (values.write === true) writeDocs(verdicts);
  console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
  process.exitCode = failed.length === 0 && passed.length > 0 ? 0 : 1;
}
