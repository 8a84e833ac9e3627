/**
 * libiscsi's conformance suite, iscsi-test-cu: one process per test with a time limit, its outcome read from its log,
 * because the program itself counts "[SKIPPED] not implemented" as passed.
 */
import { attempt, type Result } from '../shell.ts';

export interface TestOutcome {
  /** SUITE.TEST. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'hung' | 'crashed';
  /** Why, in the tester's words. */
  readonly text: string;
}

const testMsMax = 60_000;

/** Suite → names of its tests, in the tester's order. `program`: of the tester. */
export async function listSuites(program: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout } = await attempt([program, '-l', 'iscsi://none']);
  const suites = new Map<string, string[]>();
  for (const [, suite = '', name = ''] of stdout.matchAll(/^ALL\.([^.\s]+)\.([^.\s]+)$/gm))
    suites.set(suite, [...(suites.get(suite) ?? []), name]);
  return suites;
}

/** The unit's URL is given twice: tests of multipath need a second path, and the others are the same with it. */
export async function runTest(
  program: string,
  [suite, test]: readonly [string, string],
  url: string,
): Promise<TestOutcome> {
  const command = [program, '--dataloss', '-V', '-t', `ALL.${suite}.${test}`, url, url];
  const result = await attempt(command, { timeoutMs: testMsMax });
  return { name: `${suite}.${test}`, ...outcomeOf(result) };
}

function outcomeOf({ stdout, stderr }: Result): Pick<TestOutcome, 'outcome' | 'text'> {
  const lastWords = stderr.trim().split('\n').at(-1) ?? '';
  if (lastWords === 'ended by SIGKILL') return { outcome: 'hung', text: `no end within ${testMsMax} ms` };
  const from = stdout.search(/^ {2}Test: /m);
  if (from === -1) return { outcome: 'crashed', text: `did not run: ${lastWords}` };
  const log = stdout.slice(stdout.indexOf('...', from) + 3);
  const end = /(^|\n)(passed|FAILED)/.exec(log);
  if (end === null) return { outcome: 'crashed', text: `did not end: ${lastWords}` };
  const body = log.slice(0, end.index);
  if (end[2] === 'FAILED') {
    const assertions = log.slice(end.index).match(/^ +\d+\. .*$/gm) ?? [];
    const said = [...(body.match(/\[FAILED\].*/g) ?? []), ...assertions.map((line) => line.trim())];
    return { outcome: 'failed', text: said.slice(0, 3).join(' | ') };
  }
  const skipped = /\[SKIPPED\] ?(.*)/.exec(body);
  return skipped === null ? { outcome: 'passed', text: '' } : { outcome: 'skipped', text: skipped[1] ?? '' };
}
