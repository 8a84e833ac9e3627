/** What a volume can be asked for: one node at a time, as a file system or as a raw device. */
import type { VolumeCapabilityRead } from '../api/proto/csi/v1/VolumeCapability.ts';
import { StatusError } from '../shared/grpc/status-error.ts';

export const accessModes = [
  'SINGLE_NODE_WRITER',
  'SINGLE_NODE_SINGLE_WRITER',
  'SINGLE_NODE_MULTI_WRITER',
] as const;
export const fsTypes = ['ext4', 'xfs'] as const;
export const fsTypeDefault = 'ext4';

/** What is wrong with one capability: the field, its value and what is possible. Undefined: nothing. */
export function capabilityProblem(capability: VolumeCapabilityRead): string | undefined {
  const mode = capability.accessMode?.mode;
  if (mode === undefined) return 'access_mode is missing';
  if (!accessModes.some((known) => known === mode))
    return `access_mode ${mode} is not offered: a volume serves one node, use ${accessModes.join(', ')} (ReadWriteOnce, ReadWriteOncePod)`;
  if (!capability.mount && !capability.block) return 'access_type is missing: give mount or block';
  const fsType = capability.mount?.fsType ?? '';
  if (fsType !== '' && !fsTypes.some((known) => known === fsType))
    return `mount.fs_type ${fsType} is not offered: use ${fsTypes.join(' or ')}`;
  return undefined;
}

/** The first problem of all; an empty list is one too. */
export const capabilitiesProblem = (
  capabilities: readonly VolumeCapabilityRead[],
  field: string,
): string | undefined =>
  capabilities.length === 0
    ? `${field} is missing: give at least one`
    : capabilities
        .map((capability, i) => {
          const problem = capabilityProblem(capability);
          return problem === undefined ? undefined : `${field}[${i}].${problem}`;
        })
        .find((problem) => problem !== undefined);

/** The value; INVALID_ARGUMENT naming `field` when it is absent or empty. */
export function required<T>(value: T | undefined | null, field: string): T {
  if (value === undefined || value === null || value === '')
    throw new StatusError('INVALID_ARGUMENT', `${field} is missing`);
  return value;
}
