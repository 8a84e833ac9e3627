/**
 * What each replica's pool keeps of its volume: enough to make the volume's objects anew when the cluster that had them is
 * gone (docs/architecture.md). What the operator can work out again, and what others own (annotations may be long), is left out.
 */
import type { VolumeWish } from './manifests.ts';

export function descriptionOf({
  config,
  claimName,
  storageClassRef,
}: Pick<VolumeWish, 'config' | 'claimName' | 'storageClassRef'>): string {
  const { apiVersion, kind, metadata, spec } = config;
  const { name, namespace, uid, labels } = metadata;
  const { cstorVolumeRef: _ours, ...wanted } = spec;
  return JSON.stringify({
    claim: claimName,
    storageClass: storageClassRef,
    config: { apiVersion, kind, metadata: { name, namespace, uid, labels }, spec: wanted },
  });
}
