/**
 * Real initiators against a target: libiscsi's tools, QEMU's, and our independent one. Without options against targets in
 * memory, libiscsi's suite against three replicas; with `--url iscsi://HOST:PORT/IQN/LUN` what needs no special target runs
 * against that one (its data is lost).
 *
 *     node e2e/iscsi/run.ts [--url URL] [--no-suite] [WORD…]     closes with `N passed, N failed, N skipped`
 */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { attempt } from '../shell.ts';
import { chapChecks } from './chap-checks.ts';
import type { Check } from './check.ts';
import { conformance, countOf } from './conformance.ts';
import { localChecks } from './local-checks.ts';
import { portalChecks } from './portal-checks.ts';
import { givenPortal, localPortal, memoryPortal } from './portal.ts';
import { socketAttacks } from './socket-attacks.ts';
import { provide } from '../debian.ts';
import { bestTester, type Tester } from './tester.ts';
import { testerChecks } from './tester-checks.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string' }, 'no-suite': { type: 'boolean' } },
});

const hostile: Check = {
  name: 'floods, slow senders, deaf readers and mutated sessions: others are served, memory is bounded',
  own: true,
  run: async () => {
    assert.deepEqual(await socketAttacks({ seconds: 20, seed: 1 }), []);
  },
};

const lacking = await provide({
  'iscsi-ls': 'libiscsi-bin',
  'qemu-img': 'qemu-utils',
  'qemu-io': 'qemu-utils',
});
if (lacking !== undefined) console.log(lacking);

const count = { passed: 0, failed: 0, skipped: 0 };
const installed = async (tool: string) => (await attempt(['sh', '-c', `command -v ${tool}`])).status === 0;
const portal =
  values.url === undefined ? await memoryPortal({ sizeBytes: 1 << 30 }) : givenPortal(values.url);

const { tester, reason } = await bestTester();
if (reason !== undefined) console.log(`the tester of libiscsi is not built: ${reason}`);
const local: readonly Check[] = localChecks.map((check) => ({ ...check, own: true }));
const special = [...chapChecks, ...(tester === undefined ? [] : testerChecks(tester)), hostile, ...local];
for (const check of [...portalChecks, ...special]) {
  if (positionals.length > 0 && !positionals.some((word) => check.name.includes(word))) continue;
  const missing = check.tool !== undefined && !(await installed(check.tool));
  if (missing || (check.own === true && values.url !== undefined)) {
    count.skipped++;
    console.log(
      `skipped  ${check.name}: ${missing ? `${check.tool} is not installed` : 'not for a given target'}`,
    );
    continue;
  }
  try {
    await check.run(portal);
    count.passed++;
    console.log(`passed   ${check.name}`);
  } catch (error) {
    count.failed++;
    console.log(
      `FAILED   ${check.name}\n    ${String(error instanceof Error ? error.stack : error).replaceAll('\n', '\n    ')}`,
    );
  }
}

/** The suite runs where the target really is: on three replicas. */
async function suiteOutcome(used: Tester) {
  if (values.url !== undefined) return conformance(used, portal, []);
  const replicated = await localPortal();
  try {
    return await conformance(used, replicated, []);
  } finally {
    await replicated.stop();
  }
}

if (values['no-suite'] !== true && positionals.length === 0) {
  if (tester === undefined) {
    count.skipped++;
    console.log('skipped  libiscsi’s suite: it can not be built, and Debian’s libiscsi-bin is not installed');
  } else {
    const { passed, failed, skipped } = countOf(await suiteOutcome(tester));
    for (const { name, outcome, text } of failed)
      console.log(`FAILED   iscsi-test-cu ${name}: ${outcome} ${text}`);
    console.log(
      `${tester.name}: ${passed.length} passed, ${failed.length} failed, ${skipped.length} known gaps`,
    );
    count.passed += passed.length;
    count.failed += failed.length;
    count.skipped += skipped.length;
  }
}
await portal.stop();
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;
