/**
 * libiscsi's conformance suite, iscsi-test-cu: one process per suite with a time limit, each test's outcome read from its
 * log, because the program itself counts "[SKIPPED] not implemented" as passed.
 */
import { attempt } from '../shell.ts';

export interface TestOutcome {
  /** SUITE.TEST. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why, in the tester's words. */
  readonly text: string;
}

const suiteMsMax = 120_000;

/** Suite → names of its tests, in the tester's order. */
export async function listSuites(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout } = await attempt(['iscsi-test-cu', '-l', 'iscsi://none']);
  const suites = new Map<string, string[]>();
  for (const [, suite = '', name = ''] of stdout.matchAll(/^ALL\.([^.\s]+)\.([^.\s]+)$/gm))
    suites.set(suite, [...(suites.get(suite) ?? []), name]);
  return suites;
}

/** Two paths to the unit where the suite is about several. */
export async function runSuite(
  suite: string,
  tests: readonly string[],
  url: string,
): Promise<readonly TestOutcome[]> {
  const urls = suite.startsWith('Multipath') ? [url, url] : [url];
  const command = ['iscsi-test-cu', '--dataloss', '-V', '-t', `ALL.${suite}`, ...urls];
  const { stdout, stderr } = await attempt(command, { timeoutMs: suiteMsMax });
  const logs = new Map(
    stdout
      .split(/^ {2}Test: /m)
      .slice(1)
      .map((text) => [text.slice(0, text.indexOf(' ')), text.slice(text.indexOf('...') + 3)]),
  );
  return tests.map((test) => ({ name: `${suite}.${test}`, ...outcomeOf(logs.get(test), stderr) }));
}

function outcomeOf(log: string | undefined, stderr: string): Pick<TestOutcome, 'outcome' | 'text'> {
  if (log === undefined)
    return { outcome: 'failed', text: `did not run: ${stderr.trim().split('\n').at(-1) ?? ''}` };
  const end = /(^|\n)(passed|FAILED)/.exec(log);
  if (end === null) return { outcome: 'failed', text: 'did not end: hung or crashed' };
  const body = log.slice(0, end.index);
  const skipped = /\[SKIPPED\] ?(.*)/.exec(body);
  if (end[2] === 'FAILED') {
    const assertions = log.slice(end.index).match(/^ +\d+\. .*$/gm) ?? [];
    return {
      outcome: 'failed',
      text: [...(body.match(/\[FAILED\].*/g) ?? []), ...assertions.map((line) => line.trim())]
        .slice(0, 3)
        .join(' | '),
    };
  }
  return skipped === null ? { outcome: 'passed', text: '' } : { outcome: 'skipped', text: skipped[1] ?? '' };
}
