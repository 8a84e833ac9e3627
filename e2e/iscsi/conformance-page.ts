/** The page docs/iscsi-conformance.md, from two runs of the suite. */
import type { Verdict } from './conformance.ts';
import type { Tester } from './tester.ts';

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

interface Compared {
  readonly tester: Tester;
  readonly ours: readonly Verdict[];
  readonly tgt: readonly Verdict[];
}

const outcomesOf = (verdicts: readonly Verdict[]) =>
  [...new Set(verdicts.map(({ outcome }) => outcome))].join(', ');

/** Suite by suite. */
function table({ ours, tgt }: Compared): readonly string[] {
  const suites = [...new Set(ours.map(suiteOf))];
  const row = (suite: string) => {
    const of = (verdicts: readonly Verdict[]) => verdicts.filter((verdict) => suiteOf(verdict) === suite);
    return `| ${suite} | ${of(ours).length} | ${cell(of(ours))} | ${cell(of(tgt))} |`;
  };
  return [
    '| suite | tests | Caskade | tgt |',
    '|---|---|---|---|',
    ...suites.map(row),
    `| **all** | **${ours.length}** | **${cell(ours)}** | **${cell(tgt)}** |`,
  ];
}

/** The reasons of what did not pass, each with its tests. */
function gapRows(ours: readonly Verdict[]): readonly string[] {
  const others = ours.filter(({ outcome }) => outcome !== 'passed');
  const reasons = Map.groupBy(others, ({ gap }) => gap ?? 'none: this is a defect');
  return [...reasons].map(
    ([reason, verdicts]) =>
      `| ${verdicts.map(({ name }) => name).join(', ')} | ${outcomesOf(verdicts)} | ${reason} |`,
  );
}

/** What the packaged tester asserts against the standards, and what becomes of it once that is corrected. */
function errorRows(
  errors: Readonly<Record<string, string>>,
  packaged: Compared,
  corrected: Compared,
): readonly string[] {
  const of = (name: string, { ours, tgt }: Compared) =>
    [ours, tgt].map((all) => outcomesOf(all.filter((verdict) => verdict.name === name))).join(' / ');
  return Object.entries(errors).map(
    ([name, error]) => `| ${name} | ${of(name, packaged)} | ${of(name, corrected)} | ${error} |`,
  );
}

/** `errors`: by test, of the packaged tester; `versions`: lines of package and version. */
export function conformancePage(found: {
  readonly corrected: Compared;
  readonly packaged: Compared;
  readonly errors: Readonly<Record<string, string>>;
  readonly versions: readonly string[];
}): string {
  const { corrected, packaged, errors, versions } = found;
  return `${[
    '# What conformance tests say of the target',
    '',
    'Made by `node e2e/iscsi/conformance.ts --write`: `iscsi-test-cu` of libiscsi, every test in a process of its own with a',
    'time limit, `--dataloss`, the URL given twice (a second path). "[SKIPPED]" in the log is a skip, although the program',
    'counts it as passed. Caskade: `caskade local` with three replicas. tgt: a sparse file, `thin_provisioning=1`.',
    `Versions: ${versions.map((line) => line.replaceAll(/\s+/g, ' ')).join(', ')}, ${corrected.tester.name}.`,
    '',
    'Each release of the tester asserts a few things against the standards, so 1.20.0 is built from its source with',
    '`e2e/iscsi/libiscsi-corrections.patch`: four tests are corrected, none is left out. Passed / failed / skipped:',
    '',
    ...table(corrected),
    '',
    '## What Caskade does not pass, and why',
    '',
    '| tests | outcome | reason |',
    '|---|---|---|',
    ...gapRows(corrected.ours),
    '',
    '## What tgt fails',
    '',
    '| test | outcome |',
    '|---|---|',
    ...corrected.tgt
      .filter(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped')
      .map(({ name, outcome }) => `| ${name} | ${outcome} |`),
    '',
    '## By the tester as Debian packages it',
    '',
    `${packaged.tester.name}, ${packaged.ours.length} tests: Caskade ${cell(packaged.ours)}, tgt ${cell(packaged.tgt)}. What fails`,
    'against Caskade are errors of the tester, which are corrected in the other:',
    '',
    '| test | packaged: Caskade / tgt | corrected: Caskade / tgt | what it asserts |',
    '|---|---|---|---|',
    ...errorRows(errors, packaged, corrected),
    '',
    '## Corrections of 1.20.0',
    '',
    '| test | what it asserts | what the standard says |',
    '|---|---|---|',
    '| GetLBAStatus.UnmapSingle | a request for LBA n+1 is answered from LBA n+8 on | the LBA of the first descriptor “shall contain the value specified in the STARTING LOGICAL BLOCK ADDRESS field of the CDB” (SBC-3, LBA status descriptor relationships) |',
    '| CompareAndWrite.InvalidDataOutSize | a length that is wrong is refused, but it makes the length wrong in PDUs that are no commands | it is meant to be the commands (SBC-3 §5.2) |',
    '| iSCSISendTargets.Simple, Invalid | SendTargets=All is answered in a normal session | it "MUST NOT be supported on an operational session" (RFC 7143, Appendix C); an empty value names the target of the session |',
    '| iSCSISendTargets.Invalid | a session ends at an answer of NotUnderstood or Reject | these are how a key is declined (RFC 7143 §6.2); the session goes on |',
  ].join('\n')}\n`;
}
