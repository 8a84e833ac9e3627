/** What a PersistentVolumeClaim of a legacy class may ask for. Told as events on the claim: it has no conditions for it. */
import type { Check, Violation } from '../checks.ts';
import type { ClassSettings } from './inventory.ts';

export interface Subject {
  readonly className: string;
  /** Undefined: `classProblem` says why. */
  readonly settings: ClassSettings | undefined;
  readonly classProblem: string;
  readonly clusterExists: boolean;
  readonly accessModes: readonly string[];
  readonly sizeBytes: number;
  readonly hasDataSource: boolean;
}

const replicaCountMax = 5;
const one = (reason: string, message: string): readonly Violation[] => [{ reason, message }];
const setting = ({ className }: Subject, name: string) =>
  `StorageClass ${className}, annotation cas.openebs.io/config, ${name}`;

const classIsReadable: Check<Subject> = ({ className, settings, classProblem }) =>
  settings === undefined ? one('ClassInvalid', `StorageClass ${className}: ${classProblem}`) : [];

const classNamesPools: Check<Subject> = (subject) => {
  if (subject.settings === undefined) return [];
  const { poolClaim } = subject.settings;
  if (poolClaim === '')
    return one(
      'PoolMissing',
      `${setting(subject, 'StoragePoolClaim')}: it is not set; name a StoragePoolClaim (kubectl get spc)`,
    );
  return subject.clusterExists
    ? []
    : one(
        'PoolNotFound',
        `${setting(subject, 'StoragePoolClaim')} "${poolClaim}": no pools of that name exist; create the StoragePoolClaim, or name one that kubectl get spc lists`,
      );
};

const countIsPossible: Check<Subject> = (subject) => {
  const count = subject.settings?.replicaCount;
  return count === undefined || (count >= 1 && count <= replicaCountMax)
    ? []
    : one(
        'ReplicaCountInvalid',
        `${setting(subject, 'ReplicaCount')} "${count}": use a number from 1 to ${replicaCountMax}`,
      );
};

const fileSystemIsKnown: Check<Subject> = (subject) => {
  const fsType = subject.settings?.fsType;
  return fsType === undefined || ['ext4', 'xfs'].includes(fsType)
    ? []
    : one('FSTypeUnknown', `${setting(subject, 'FSType')} "${fsType}": use ext4 or xfs`);
};

const oneWriter: Check<Subject> = ({ accessModes }) => {
  const many = accessModes.filter((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');
  return many.length === 0
    ? []
    : one(
        'AccessModeUnsupported',
        `spec.accessModes ${many.join(', ')}: a volume is used by one node, use ReadWriteOnce`,
      );
};

const noDataSource: Check<Subject> = ({ hasDataSource }) =>
  hasDataSource
    ? one(
        'DataSourceUnsupported',
        'spec.dataSource: this version makes no volumes of snapshots or claims, remove it',
      )
    : [];

const sizeIsPositive: Check<Subject> = ({ sizeBytes }) =>
  sizeBytes > 0 ? [] : one('SizeInvalid', 'spec.resources.requests.storage: ask for more than 0');

export const legacyClaimChecks: readonly Check<Subject>[] = [
  classIsReadable,
  classNamesPools,
  countIsPossible,
  fileSystemIsKnown,
  oneWriter,
  noDataSource,
  sizeIsPositive,
];
