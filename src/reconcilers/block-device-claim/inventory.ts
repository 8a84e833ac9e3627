/** A BlockDevice as the planners see it: plain facts, defaults filled in. */
import type { BlockDevice } from '../../api/kinds/blockdevice.ts';
import { labels } from '../../api/names.ts';

export interface Device {
  readonly name: string;
  readonly uid: string;
  /** Name of the Node object. */
  readonly node: string;
  /** The node's label kubernetes.io/hostname. */
  readonly hostname: string;
  readonly bytes: number;
  /** Active, Inactive or Unknown. */
  readonly state: string;
  /** Unclaimed, Claimed or Released. */
  readonly claimState: string;
  readonly claim: { readonly name: string; readonly uid: string } | undefined;
  /** disk, partition, sparse, loop, … */
  readonly type: string;
  /** What lies on it; empty when blank. */
  readonly fileSystem: string;
  readonly partitioned: boolean;
  /** Undefined: no tag label. Empty: the device must never be used. */
  readonly tag: string | undefined;
  /** All ways to reach it, best first. */
  readonly paths: readonly string[];
  readonly deleting: boolean;
  readonly finalizers: readonly string[];
}

export function deviceOf(object: BlockDevice): Device {
  const { metadata, spec, status } = object;
  const node = spec?.nodeAttributes.nodeName ?? '';
  const links = (spec?.devlinks ?? []).flatMap((devlink) => devlink.links ?? []);
  const claim = spec?.claimRef;
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    node,
    hostname: metadata.labels?.[labels.hostname] ?? node,
    bytes: spec?.capacity.storage ?? 0,
    state: status?.state ?? 'Unknown',
    claimState: status?.claimState ?? 'Unclaimed',
    claim: claim?.name === undefined ? undefined : { name: claim.name, uid: claim.uid ?? '' },
    type: spec?.details?.deviceType ?? 'disk',
    fileSystem: spec?.filesystem?.fsType ?? '',
    partitioned: spec?.partitioned === 'Yes',
    tag: metadata.labels?.[labels.blockDeviceTag],
    paths: [...new Set([...links, ...(spec?.path === undefined ? [] : [spec.path])])],
    deleting: metadata.deletionTimestamp !== undefined,
    finalizers: metadata.finalizers ?? [],
  };
}
