/** What must hold of the operator, one check after the other on one API server: later ones build on what earlier ones made. */
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import type { Check } from '../local/suite.ts';
import type { Bench } from './bench.ts';
import { membersChecks } from './members-checks.ts';
import { mirrorChecks } from './mirror-checks.ts';
import { poolChecks } from './pool-checks.ts';
import { poolRemovalChecks } from './pool-removal-checks.ts';
import { refusalChecks } from './refusal-checks.ts';
import { removalChecks } from './removal-checks.ts';
import { restartChecks } from './restart-checks.ts';
import { survivalChecks } from './survival-checks.ts';
import { troubleChecks } from './trouble-checks.ts';
import { equal, pool, verbsOf } from './verbs.ts';
import { volumeChecks } from './volume-checks.ts';

export const checksOf = (bench: Bench): readonly Check[] => [
  ...volumeChecks(bench),
  ...troubleChecks(bench, 'by-hand'),
  ...restartChecks(bench, pool),
  ...survivalChecks(bench),
  ...membersChecks(bench, pool),
  ...removalChecks(bench),
  ...refusalChecks(bench),
  ...mirrorChecks(bench),
  ...poolChecks(bench),
  ...poolRemovalChecks(bench),
  ...endChecks(bench),
];

function endChecks(bench: Bench): readonly Check[] {
  const { operator } = bench;
  const { get } = verbsOf(bench);
  return [
    {
      name: 'health, metrics and an orderly end',
      run: async () => {
        for (const path of ['/healthz', '/readyz', '/metrics'])
          equal((await fetch(operator.url(path))).status, 200, path);
        equal(await operator.kill('SIGTERM'), 0, 'exit status');
        const lease = await get(core.leases, 'caskade-operator');
        equal(lease?.spec?.holderIdentity ?? '', '', 'the lease is given back');
      },
    },
  ];
}
