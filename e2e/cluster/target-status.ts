/** What a volume's target itself says: custom resources tell it later, and not while the operator is away. */
import type { TargetStatusRead } from '../../src/api/proto/caskade/target/v1/TargetStatus.ts';
import type { ProtoGrpcType } from '../../src/api/proto/target.ts';
import { openClient } from '../../src/shared/grpc/client.ts';
import { loadProto } from '../../src/shared/grpc/load.ts';
import { until } from '../until.ts';
import type { Kubectl } from './kubectl.ts';
import { adminTokenOf, targetPod } from './system.ts';

const { service } = loadProto<ProtoGrpcType>('target.proto').caskade.target.v1.Target;

async function targetStatus(kubectl: Kubectl, pv: string): Promise<TargetStatusRead> {
  const pod = await targetPod(kubectl, pv);
  const token = await adminTokenOf(kubectl, `${pv}-target-keys`);
  const client = openClient(service, `${pod.status.podIP ?? ''}:7777`, { token });
  try {
    return await client.call('GetStatus', {}, { deadlineMs: 5_000 });
  } finally {
    client.close();
  }
}

/** Waits until the target has `count` replicas and all are in sync. The test bed's pods are within reach of this machine. */
export const allInSync = (kubectl: Kubectl, pv: string, count: number, timeoutMs: number) =>
  until(`all replicas of ${pv} are in sync`, timeoutMs, async () => {
    const { phase, replicas } = await targetStatus(kubectl, pv);
    const good = replicas.length === count && replicas.every(({ state }) => state === 'InSync');
    return good ? replicas : `${phase}: ${replicas.map(({ state }) => state).join(' ')}`;
  });
