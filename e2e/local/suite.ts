/** A list of named checks, run one after the other; ends with `N passed, N failed, N skipped`. */

export interface Check {
  readonly name: string;
  /** Why this machine can not run it; undefined: it can. */
  readonly skip?: string | undefined;
  /** Fails when it throws or takes longer. */
  readonly timeoutMs?: number;
  readonly run: () => Promise<void>;
}

const defaultTimeoutMs = 60_000;
/** Of what is shown of a failure. */
const linesMax = 40;

/**
 * Runs the checks whose name contains one of `wanted` (all of them without any); answers how many failed. SIGINT and SIGTERM
 * fail the one that runs and end the list, so that the caller can clean up.
 */
export async function runChecks(checks: readonly Check[], wanted: readonly string[]): Promise<number> {
  const count = { passed: 0, failed: 0, skipped: 0 };
  const stop = Promise.withResolvers<never>();
  stop.promise.catch(() => undefined); // there may be no check to hear it
  let isStopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      isStopped = true;
      stop.reject(new Error(`ended by ${signal}`));
    });
  for (const check of checks) {
    if (isStopped) break;
    if (wanted.length > 0 && !wanted.some((word) => check.name.includes(word))) continue;
    if (check.skip !== undefined) {
      count.skipped++;
      console.log(`skipped  ${check.name}: ${check.skip}`);
      continue;
    }
    const startMs = performance.now();
    const problem = await problemOf(check, stop.promise);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(5);
    if (problem === undefined) count.passed++;
    else count.failed++;
    console.log(`${problem === undefined ? 'passed ' : 'FAILED '} ${seconds} s  ${check.name}`);
    if (problem !== undefined)
      console.log(problem.split('\n').slice(0, linesMax).join('\n').replaceAll(/^/gm, '    '));
  }
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  return count.failed + Number(count.passed === 0 || isStopped);
}

async function problemOf(
  { run, timeoutMs = defaultTimeoutMs }: Check,
  stopped: Promise<never>,
): Promise<string | undefined> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not done within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    await Promise.race([run(), late.promise, stopped]);
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    const { cause } = error;
    return `${error.stack ?? error.message}${cause instanceof Error ? `\n${cause.stack ?? ''}` : ''}`;
  } finally {
    clearTimeout(timer);
  }
}
