/** The chart with Helm 4 and Helm 3. */
import { join } from 'node:path';
import type { Check } from '../local/suite.ts';
import { attempt, run } from '../shell.ts';
import { kubeconfig, programs } from '../testbed/testbed.ts';
import { until } from '../until.ts';
import { Kubectl } from './kubectl.ts';
import { namespace } from './system.ts';

const root = join(import.meta.dirname, '../..');
const chart = join(root, 'charts/caskade');
const values = join(root, 'e2e/demo/values.yaml');
const helms = { 'Helm 4': join(programs, 'helm'), 'Helm 3': join(programs, 'helm3') } as const;
const env = { ...process.env, KUBECONFIG: kubeconfig };

/** A release that somebody uses is not for trying installs on. */
async function installed(): Promise<boolean> {
  const { stdout } = await attempt([helms['Helm 4'], 'list', '-n', namespace, '-q'], { env });
  return stdout.split('\n').includes('caskade');
}

/** Builds both Helms, a minute each the first time, and the chart; answers why installs can not be tried, if so. */
export async function prepareChart(): Promise<string | undefined> {
  await run([join(root, 'e2e/testbed/build'), 'helm', 'helm3'], { timeoutMs: 10 * 60_000, show: 'errors' });
  await run(['make', '-s', 'chart'], { cwd: root, timeoutMs: 60_000 });
  return (await installed()) ? 'a release is installed on this bed, and stays (make demo-down)' : undefined;
}

/** `inUse` is what `prepareChart` answered. */
export function chartChecks(inUse: string | undefined): readonly Check[] {
  return Object.entries(helms).flatMap(([name, helm]): Check[] => [
    {
      name: `${name} lints the chart`,
      run: async () => {
        await run([helm, 'lint', '--strict', chart]);
        await run([helm, 'lint', '--strict', chart, '-f', values]);
      },
    },
    {
      name: `${name} refuses a value that the schema does not know, and names it`,
      run: async () => {
        const { status, stderr } = await attempt([
          helm,
          'template',
          'caskade',
          chart,
          '--set',
          'csiNode.attach=magic',
        ]);
        if (status === 0 || !stderr.includes('attach')) throw new Error(`status ${status}: ${stderr}`);
      },
    },
    {
      name: `${name} installs, upgrades and uninstalls`,
      skip: inUse,
      timeoutMs: 120_000,
      run: () => lifecycle(helm),
    },
  ]);
}

async function lifecycle(helm: string): Promise<void> {
  const kubectl = new Kubectl(kubeconfig);
  const labelled = ['-l', 'app.kubernetes.io/name=caskade'];
  const kinds = 'deployments,daemonsets,pods,configmaps,serviceaccounts,roles,rolebindings';
  const clusterKinds = 'clusterroles,clusterrolebindings,csidrivers,storageclasses';
  // No image: what Helm does is looked at, not what the pods do.
  const set = ['-f', values, '--set', 'image.tag=none,image.pullPolicy=Never'];
  await run([helm, 'install', 'caskade', chart, '-n', namespace, '--create-namespace', ...set], { env });
  await run([helm, 'upgrade', 'caskade', chart, '-n', namespace, ...set, '--set', 'operator.replicas=2'], {
    env,
  });
  const operator = await kubectl.run([
    'get',
    'deployment',
    'caskade-operator',
    '-n',
    namespace,
    '-o',
    'jsonpath={.spec.replicas}',
  ]);
  if (operator !== '2') throw new Error(`after the upgrade the operator has ${operator} replicas`);
  await run([helm, 'uninstall', 'caskade', '-n', namespace], { env });
  await until('nothing of the release is left', 60_000, async () => {
    const left = [
      ...(await kubectl.list(kinds, '-n', namespace, ...labelled)),
      ...(await kubectl.list(clusterKinds, ...labelled)),
    ];
    return left.length === 0
      ? left
      : `${left.length} objects, such as ${left[0]?.kind} ${left[0]?.metadata.name}`;
  });
  const definitions = (await kubectl.list('crd')).filter((one) => one.metadata.name.endsWith('openebs.io'));
  if (definitions.length < 10)
    throw new Error(`${definitions.length} definitions were kept: with one its objects go`);
}
