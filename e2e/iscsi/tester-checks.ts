/** Tests of libiscsi's suite that need a target which is set up for them. */
import assert from 'node:assert/strict';
import { chap, chapFile } from './chap-checks.ts';
import type { Check } from './check.ts';
import { listSuites, runTest } from './libiscsi.ts';
import { memoryPortal, type Portal } from './portal.ts';
import type { Tester } from './tester.ts';

const sizeBytes = 256 << 20;

/** Those of `tests` that the tester has. */
const ofItsOwn = (
  tester: Tester,
  name: string,
  tests: readonly (readonly [string, string])[],
  options: Omit<Parameters<typeof memoryPortal>[0], 'sizeBytes'>,
  urlOf: (portal: Portal) => string,
): Check => ({
  name: `iscsi-test-cu ${name}`,
  own: true,
  run: async () => {
    const portal = await memoryPortal({ sizeBytes, ...options });
    const listed = await listSuites(tester.program);
    for (const [suite, test] of tests) {
      if (listed.get(suite)?.includes(test) !== true) continue;
      const { outcome, text } = await runTest(tester.program, [suite, test], urlOf(portal));
      assert.equal(outcome, 'passed', text);
    }
    await portal.stop();
  },
});
export const testerChecks = (tester: Tester): readonly Check[] => [
  ofItsOwn(
    tester,
    'ReadOnly: a read-only volume refuses every write',
    [['ReadOnly', 'ReadOnlySBC']],
    { readOnly: true },
    ({ url }) => url,
  ),
  ofItsOwn(
    tester,
    'CHAP: one algorithm of many is taken, none where there is none in common',
    [
      ['iSCSICHAP', 'Simple'],
      ['iSCSICHAP', 'Invalid'],
    ],
    { chap: chapFile },
    ({ url }) => url.replace('iscsi://', `iscsi://${chap.user}%${chap.secret}@`),
  ),
];
