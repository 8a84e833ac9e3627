/** Which devices are offered as BlockDevices, and why the others are not. Pure. */
import { scsiVendor } from '../shared/scsi-identity.ts';
import type { Signature } from '../shared/signatures.ts';

export type DeviceType =
  | 'disk'
  | 'partition'
  | 'sparse'
  | 'loop'
  | 'lvm'
  | 'crypt'
  | 'dm'
  | 'mpath'
  | 'md'
  | 'other';

/** What the probes read of one block device: plain facts, no judgement. */
export interface DeviceFacts {
  /** Kernel name: `sdb`, `nvme0n1p2`; of a sparse file its file name. */
  readonly name: string;
  /** `/dev/sdb`, or the path of a sparse file. */
  readonly path: string;
  /** `MAJOR:MINOR`; undefined for a sparse file. */
  readonly number: string | undefined;
  readonly type: DeviceType;
  readonly sizeBytes: number;
  readonly logicalSectorBytes: number;
  readonly physicalSectorBytes: number;
  /** Undefined: the kernel does not say. */
  readonly rotates: boolean | undefined;
  readonly readOnly: boolean;
  readonly vendor: string;
  readonly model: string;
  readonly serial: string;
  readonly wwn: string;
  readonly firmware: string;
  /** `/dev/mapper/...`'s identity; empty unless device-mapper. */
  readonly dmUuid: string;
  /** Of a partition's entry in its table; empty when unknown. */
  readonly partitionUuid: string;
  /** Kernel name of the disk that a partition is on. */
  readonly parent: string | undefined;
  readonly partitions: readonly string[];
  /** Devices made on top of this one: LVM, md, dm-crypt, bcache. */
  readonly holders: readonly string[];
  /** `/dev/disk/by-id/…` and `/dev/disk/by-path/…`. */
  readonly linksById: readonly string[];
  readonly linksByPath: readonly string[];
  readonly mountPoints: readonly string[];
  /** In use as swap space. */
  readonly isSwap: boolean;
  /** Of a loop device. */
  readonly backingFile: string;
  /** What is on it; undefined: it could not be read. */
  readonly signature: Signature | 'none' | undefined;
}

export interface Filter {
  readonly enabled: boolean;
  /** Parts of names; any device that has none of them is left out, unless the list is empty. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

export interface FilterConfig {
  readonly osDisk: Filter;
  readonly vendor: Filter;
  readonly path: Filter;
  /** Whether devices are read for what is on them (`blkid-probe`, `used-by-probe`). */
  readonly readsContent: boolean;
}

const passes = ({ enabled, include, exclude }: Filter, text: string): boolean =>
  !enabled ||
  ((include.length === 0 || include.some((part) => text.includes(part))) &&
    !exclude.some((part) => text.includes(part)));

/** Whose LUNs are volumes of ours, or of the predecessor: never block devices, whatever the configuration says. */
const ownVendors = ['OpenEBS', 'CLOUDBYT', scsiVendor];
/** Below the kubelet's folder: loop devices of attached volumes. */
const ownAttachments = '/cstor.csi.openebs.io/attach/';

type Check = (facts: DeviceFacts, config: FilterConfig, all: readonly DeviceFacts[]) => string | undefined;

/** The disk that a device is on. */
const diskOf = (facts: DeviceFacts, all: readonly DeviceFacts[]): DeviceFacts =>
  (facts.parent === undefined ? undefined : all.find(({ name }) => name === facts.parent)) ?? facts;

/** In the order of the predecessor's filters; each answers why a device is left out. */
const checks: readonly Check[] = [
  ({ sizeBytes }) => (sizeBytes > 0 ? undefined : 'it has no size'),
  ({ type }) => (type === 'md' || type === 'other' ? `a ${type} device is not managed` : undefined),
  ({ partitions }) => (partitions.length > 0 ? `it is divided into ${partitions.join(', ')}` : undefined),
  ({ holders }) => (holders.length > 0 ? `${holders.join(', ')} is made of it` : undefined),
  ({ isSwap }) => (isSwap ? 'it is swap space' : undefined),
  ({ backingFile }) => (backingFile.includes(ownAttachments) ? 'it is an attached volume' : undefined),
  (facts, _, all) => {
    const { vendor } = diskOf(facts, all);
    return ownVendors.some((own) => vendor.trim() === own) ? `its vendor is ${vendor}` : undefined;
  },
  (facts, { vendor }, all) =>
    passes(vendor, diskOf(facts, all).vendor) ? undefined : 'vendor-filter leaves it out',
  (facts, { osDisk }, all) => {
    if (!osDisk.enabled) return undefined;
    const disk = diskOf(facts, all);
    const family = all.filter(({ name, parent }) => name === disk.name || parent === disk.name);
    const mounted = family.flatMap(({ mountPoints }) => mountPoints);
    const point = mounted.find((candidate) => osDisk.exclude.includes(candidate));
    return point === undefined ? undefined : `its disk carries ${point}`;
  },
  ({ path, type }, config) =>
    type === 'sparse' || passes(config.path, path) ? undefined : 'path-filter leaves it out',
];

/** Why a device is no BlockDevice; undefined: it is one. */
export function reasonToSkip(
  facts: DeviceFacts,
  config: FilterConfig,
  all: readonly DeviceFacts[],
): string | undefined {
  for (const check of checks) {
    const reason = check(facts, config, all);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
