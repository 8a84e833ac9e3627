/** Where the demo runs: the test bed of this machine, or the cluster of $KUBECONFIG when its user agrees. */
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Kubectl } from '../cluster/kubectl.ts';
import { kubeconfig as testbedKubeconfig } from '../testbed/testbed.ts';

export interface Cluster {
  readonly kubectl: Kubectl;
  readonly kubeconfig: string;
  /** The test bed: its nodes, disks and pods are within reach of this machine. */
  readonly isTestbed: boolean;
  /** Image to use; undefined: it is built here. */
  readonly image: string | undefined;
  /** Arguments of helm that fit the chart to the cluster. */
  readonly settings: readonly string[];
}

/** The demo can not begin; the message names the remedy. */
export class CannotBegin extends Error {
  override readonly name = 'CannotBegin';
}

export const testbed = (): Cluster => ({
  kubectl: new Kubectl(testbedKubeconfig),
  kubeconfig: testbedKubeconfig,
  isTestbed: true,
  image: undefined,
  settings: ['-f', join(import.meta.dirname, 'values.yaml')],
});

/** The cluster that $KUBECONFIG names, unless that is the test bed's or nothing. */
export function foreign(): Cluster | undefined {
  const named = process.env['KUBECONFIG'] ?? '';
  if (named === '' || resolve(named) === resolve(testbedKubeconfig)) return undefined;
  // Sparse files on the nodes, never their disks.
  // What else the cluster needs of the chart: the kubelet's folder, tolerations, pull secrets.
  const values = process.env['HELM_VALUES'] ?? '';
  const noDisks = 'ndm.sparse.count=1,ndm.sparse.size=4Gi,ndm.filters.path.exclude=/dev/';
  return {
    kubectl: new Kubectl(named),
    kubeconfig: named,
    isTestbed: false,
    image: process.env['IMAGE'],
    settings: ['--set', noDisks, ...(values === '' ? [] : ['-f', resolve(values)])],
  };
}

/** A foreign cluster pulls the image from a registry; which one only its user knows. */
export function checkImage(cluster: Cluster): void {
  if (cluster.isTestbed || /:[\w][\w.-]*$/.test(cluster.image ?? '')) return;
  throw new CannotBegin(
    `KUBECONFIG=${cluster.kubeconfig} is not the test bed: set IMAGE=registry/name:tag to an image that its nodes can pull (make image, then skopeo copy oci-archive:build/image/caskade.tar docker://…), or unset KUBECONFIG`,
  );
}

/** Asks before a cluster of somebody's is touched; YES=1 answers beforehand. */
export async function agreed(cluster: Cluster): Promise<boolean> {
  if (process.env['YES'] === '1') return true;
  const server = (
    await cluster.kubectl.run(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'])
  ).trim();
  if (!process.stdin.isTTY)
    throw new CannotBegin(
      `the demo would install Caskade on ${server}: say YES=1, or unset KUBECONFIG for the test bed`,
    );
  const ask = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await ask.question(
    `Install Caskade on ${server}, with pools on sparse files of its nodes? [y/N] `,
  );
  ask.close();
  return /^y(es)?$/i.test(answer.trim());
}
