/**
 * What a step of the node has to do, decided from what was seen on the machine. Pure. Every plan starts from whatever
 * an earlier call or an earlier life of this process has left.
 */
import type { MountEntry } from '../../shared/mount-info.ts';
import type { Signature } from '../../shared/signatures.ts';

export const fileSystems = ['ext4', 'xfs'] as const;
export type FileSystem = (typeof fileSystems)[number];
export const isFileSystem = (text: string): text is FileSystem => fileSystems.some((known) => known === text);

/** The call can not be done; `code` is gRPC's. */
export interface Refusal {
  readonly refuse: 'FAILED_PRECONDITION' | 'INVALID_ARGUMENT' | 'ALREADY_EXISTS';
  readonly message: string;
}

export interface StageWish {
  readonly volume: string;
  readonly fileSystem: FileSystem;
  readonly readOnly: boolean;
  readonly mountFlags: readonly string[];
}

export interface StageSeen {
  readonly devicePath: string;
  /** `MAJOR:MINOR` of the device. */
  readonly deviceNumber: string;
  /** What is mounted at the staging path. */
  readonly mounted: MountEntry | undefined;
  /** What is on the device; looked at only when it is not mounted. */
  readonly signatures: readonly Signature[];
  /** mkfs.xfs was interrupted: its superblock still says that it is being made. */
  readonly halfMade: boolean;
}

export type StageStep =
  | { readonly do: 'unmountStale'; readonly device: string }
  | { readonly do: 'format'; readonly fileSystem: FileSystem }
  /** `repair` mends what needs no decision (`e2fsck -p`); `look` changes nothing. */
  | { readonly do: 'check'; readonly fileSystem: FileSystem; readonly how: 'repair' | 'look' }
  | { readonly do: 'mount'; readonly fileSystem: FileSystem; readonly options: readonly string[] };

/**
 * Steps to the file system of a volume mounted at its staging path. Formats only a device on which nothing at all is
 * recognised, or which carries what an interrupted mkfs of ours has left.
 */
export function planStage(wish: StageWish, seen: StageSeen): readonly StageStep[] | Refusal {
  const steps: StageStep[] = [];
  if (seen.mounted?.number === seen.deviceNumber) return [];
  if (seen.mounted) steps.push({ do: 'unmountStale', device: seen.mounted.number });
  const [found] = seen.signatures;
  if (found === undefined || seen.halfMade) {
    if (wish.readOnly)
      return {
        refuse: 'FAILED_PRECONDITION',
        message: `volume ${wish.volume} is blank and read-only: mount it for writing once, so that it is formatted`,
      };
    steps.push({ do: 'format', fileSystem: wish.fileSystem });
  } else if (found.type === wish.fileSystem) {
    steps.push({ do: 'check', fileSystem: wish.fileSystem, how: wish.readOnly ? 'look' : 'repair' });
  } else
    return {
      refuse: 'FAILED_PRECONDITION',
      message:
        `volume ${wish.volume} carries ${found.type} (${found.where}), the class asks for fsType ${wish.fileSystem}: ` +
        'use a class with its fsType or volumeMode Block; nothing on it was changed',
    };
  return [
    ...steps,
    {
      do: 'mount',
      fileSystem: wish.fileSystem,
      options: stageOptions(wish.fileSystem, wish.readOnly, wish.mountFlags),
    },
  ];
}

/** A clone has its origin's XFS UUID: both must mount on one node. */
export const stageOptions = (
  fileSystem: FileSystem,
  readOnly: boolean,
  mountFlags: readonly string[],
): readonly string[] => [
  ...new Set([readOnly ? 'ro' : 'rw', ...(fileSystem === 'xfs' ? ['nouuid'] : []), ...mountFlags]),
];

export interface PublishWish {
  readonly volume: string;
  readonly targetPath: string;
  readonly readOnly: boolean;
  /** SINGLE_NODE_SINGLE_WRITER: one pod at a time. */
  readonly alone: boolean;
}

export interface PublishSeen {
  /** `MAJOR:MINOR` of the volume's device. */
  readonly deviceNumber: string;
  /** Whether the target path shows this device already. */
  readonly target: { readonly number: string; readonly readOnly: boolean } | undefined;
  /** Where else pods have it. */
  readonly elsewhere: readonly string[];
}

export type PublishStep =
  | { readonly do: 'unmountStale'; readonly device: string }
  | { readonly do: 'bind'; readonly readOnly: boolean };

/** Steps to the volume, already staged, at a pod's path. */
export function planPublish(wish: PublishWish, seen: PublishSeen): readonly PublishStep[] | Refusal {
  if (wish.alone && seen.elsewhere.length > 0)
    return {
      refuse: 'FAILED_PRECONDITION',
      message: `volume ${wish.volume} is for one pod at a time and already at ${seen.elsewhere[0]}`,
    };
  const bind: PublishStep = { do: 'bind', readOnly: wish.readOnly };
  if (seen.target === undefined) return [bind];
  if (seen.target.number !== seen.deviceNumber)
    return [{ do: 'unmountStale', device: seen.target.number }, bind];
  if (seen.target.readOnly === wish.readOnly) return [];
  // A bind that was interrupted between its two steps is still writable.
  return [{ do: 'unmountStale', device: seen.target.number }, bind];
}
