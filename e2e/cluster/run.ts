/**
 * The cluster suite: `node e2e/cluster/run.ts [WORD…]` runs the checks whose name contains one of the words. Reuses a test
 * bed that runs (a demo's stays as it is) or starts one and removes it. Ends with `N passed, N failed, N skipped`.
 */
import { join } from 'node:path';
import { runChecks, type Check } from '../local/suite.ts';
import { down, kubeconfig, NoTestbed, up } from '../testbed/testbed.ts';
import { badInput } from './bad-input.ts';
import { chartChecks, prepareChart } from './chart.ts';
import { diagnosed } from './diagnosis.ts';
import { Kubectl } from './kubectl.ts';
import { linkTls } from './link-tls.ts';
import { members } from './members.ts';
import { poolDevices } from './pool-devices.ts';
import { poolFull } from './pool-full.ts';
import { survival } from './survival.ts';
import { trouble } from './trouble.ts';
import { clear, nodeCount, prepare, type World } from './world.ts';

const values = join(import.meta.dirname, '../demo/values.yaml');
const words = process.argv.slice(2);

/** The checks on a bed that runs. The first of them after the chart's brings the system up. */
async function checks(): Promise<readonly Check[]> {
  let world: World | undefined;
  const theWorld = (): World => {
    if (world === undefined) throw new Error('the system did not come up');
    return world;
  };
  const comesUp: Check = {
    name: 'the chart comes up, and a CStorPoolCluster becomes three pools',
    timeoutMs: 300_000,
    run: async () => {
      world = await prepare(['-f', values]);
    },
  };
  const rest = checksIn(theWorld);
  const chart = chartChecks(await prepareChart()).filter((check) => wanted(check));
  const wantedRest = rest.filter((check) => wanted(check));
  return [...chart, ...(wantedRest.length > 0 ? [comesUp, ...wantedRest] : [])];
}
/** All but the chart's, in the order in which they run. */
const checksIn = (world: () => World): readonly Check[] => [
  ...badInput(world),
  ...poolDevices(world),
  ...members(world),
  ...linkTls(world),
  ...trouble(world),
  ...poolFull(world),
  ...survival(world),
];
const wanted = ({ name }: Check) => words.length === 0 || words.some((word) => name.includes(word));

/** Every check, skipped. */
async function skipAll(why: string): Promise<number> {
  const none = (): World => {
    throw new Error(why);
  };
  const all = [...chartChecks(undefined), ...checksIn(none)];
  return runChecks(
    all.map((check) => ({ ...check, skip: why })),
    [],
  );
}

try {
  const before = await up(nodeCount, 'the cluster suite', ({ running, line }) =>
    console.log(running ? `reusing: ${line}` : 'starting a test bed of our own'),
  );
  const failed = await (async () => {
    try {
      return await runChecks(diagnosed(new Kubectl(kubeconfig), await checks()), []);
    } finally {
      if (before.running) await clear(new Kubectl(kubeconfig));
      else await down();
    }
  })();
  process.exitCode = failed > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof NoTestbed)) throw error;
  await skipAll(error.message);
  process.exitCode = error.cannot ? 0 : 1;
}
