/** What is done to the cluster. */
import { onNode, numberOf } from '../testbed/testbed.ts';
import type { Kubectl, Pod } from './kubectl.ts';

/** SIGKILL to the first process of each container of a pod. Where nodes are out of reach: the pod is deleted without grace. */
export async function sigkill(kubectl: Kubectl, pod: Pod, isTestbed: boolean): Promise<void> {
  if (!isTestbed) {
    await kubectl.run([
      'delete',
      'pod',
      '-n',
      pod.metadata.namespace ?? '',
      pod.metadata.name,
      '--grace-period=0',
      '--force',
    ]);
    return;
  }
  for (const container of pod.status.containerStatuses ?? []) {
    const id = (container.containerID ?? '').replace(/^containerd:\/\//, '');
    await onNode(
      numberOf(pod.spec.nodeName ?? ''),
      'ctr',
      '-n',
      'k8s.io',
      'task',
      'kill',
      '-s',
      'SIGKILL',
      id,
    );
  }
}
