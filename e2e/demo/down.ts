/** `make demo-down`: removes all that `make demo` made: the test bed, or what it put on the cluster of $KUBECONFIG. */
import { run } from '../shell.ts';
import { helm, namespace } from '../cluster/system.ts';
import { down } from '../testbed/testbed.ts';
import { agreed, foreign } from './cluster.ts';
import { names } from './names.ts';

const cluster = foreign();
if (cluster === undefined) {
  await down();
  console.log(
    'The test bed is gone. Its programs and images stay for the next time (~/.cache/caskade-testbed, /var/tmp/caskade-testbed/images).',
  );
} else if (await agreed(cluster)) {
  const { kubectl } = cluster;
  const remove = (...args: readonly string[]) =>
    kubectl.run(['delete', ...args, '--ignore-not-found', '--timeout=120s'], { timeoutMs: 130_000 });
  // In the order in which a user would: what uses it first.
  await remove('pod', names.pod, '-n', names.namespace);
  const claim = ['get', 'pvc', names.claim, '-n', names.namespace, '--ignore-not-found'];
  const volume = (await kubectl.run([...claim, '-o', 'jsonpath={.spec.volumeName}'])).trim();
  await remove('pvc', names.claim, '-n', names.namespace);
  // The CSI controller takes its finalizer off the volume: it must be there until that is done.
  if (volume !== '') await remove('pv', volume);
  await remove('configmap', 'recorder', '-n', names.namespace);
  await remove('storageclass', names.class);
  await remove('spc', names.pool);
  await run([helm(), 'uninstall', 'caskade', '-n', namespace, '--wait'], {
    env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
    timeoutMs: 130_000,
  });
  console.log(
    'The demo is gone. What helm leaves in place stays: the custom resource definitions, the block devices, and the sparse files on the nodes (/var/openebs/sparse).',
  );
}
