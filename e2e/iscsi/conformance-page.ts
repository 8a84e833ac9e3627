/** The page docs/iscsi-conformance.md, from two runs of the suite. */
import type { Verdict } from './conformance.ts';

const suiteOf = ({ name }: Verdict) => name.slice(0, name.indexOf('.'));

/** Passed / failed / skipped; hung and crashed ones are failures that are named. */
function cell(verdicts: readonly Verdict[]): string {
  const count = (outcome: Verdict['outcome']) =>
    verdicts.filter((verdict) => verdict.outcome === outcome).length;
  const [hung, crashed] = [count('hung'), count('crashed')];
  const worse = [...(hung > 0 ? [`${hung} hung`] : []), ...(crashed > 0 ? [`${crashed} crashed`] : [])];
  const more = worse.length === 0 ? '' : ` (${worse.join(', ')})`;
  return `${count('passed')} / ${count('failed') + hung + crashed} / ${count('skipped')}${more}`;
}

/** `versions`: lines of package and version. */
export function conformancePage(
  ours: readonly Verdict[],
  tgt: readonly Verdict[],
  versions: readonly string[],
): string {
  const suites = [...new Set(ours.map(suiteOf))];
  const row = (suite: string) => {
    const of = (verdicts: readonly Verdict[]) => verdicts.filter((verdict) => suiteOf(verdict) === suite);
    return `| ${suite} | ${of(ours).length} | ${cell(of(ours))} | ${cell(of(tgt))} |`;
  };
  const others = ours.filter(({ outcome }) => outcome !== 'passed');
  const reasons = Map.groupBy(others, ({ gap }) => gap ?? 'none: this is a defect');
  return `${[
    '# What conformance tests say of the target',
    '',
    'Made by `node e2e/iscsi/conformance.ts --write`: `iscsi-test-cu` of libiscsi, every test in a process of its own with a',
    'time limit, `--dataloss`, the URL given twice (a second path). "[SKIPPED]" in the log is a skip, although the program',
    'counts it as passed. Caskade: `caskade local` with three replicas. tgt: a sparse file, `thin_provisioning=1`.',
    `Versions: ${versions.map((line) => line.replaceAll(/\s+/g, ' ')).join(', ')}.`,
    '',
    'passed / failed / skipped:',
    '',
    '| suite | tests | Caskade | tgt |',
    '|---|---|---|---|',
    ...suites.map(row),
    `| **all** | **${ours.length}** | **${cell(ours)}** | **${cell(tgt)}** |`,
    '',
    '## What Caskade does not pass, and why',
    '',
    '| tests | outcome | reason |',
    '|---|---|---|',
    ...[...reasons].map(([reason, verdicts]) => {
      const names = verdicts.map(({ name }) => name).join(', ');
      return `| ${names} | ${[...new Set(verdicts.map(({ outcome }) => outcome))].join(', ')} | ${reason} |`;
    }),
    '',
    '## What tgt fails',
    '',
    '| test | outcome |',
    '|---|---|',
    ...tgt
      .filter(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped')
      .map(({ name, outcome }) => `| ${name} | ${outcome} |`),
  ].join('\n')}\n`;
}
