/**
 * Validators of our kinds, from the schemas that the API server enforces (crds/). They know types, required fields, enums,
 * patterns and limits; CEL rules are left to the API server. A schema is compiled at its first use.
 */
import { blockDeviceSchema } from './kinds/blockdevice.ts';
import { blockDeviceClaimSchema } from './kinds/blockdeviceclaim.ts';
import { cstorPoolClusterSchema } from './kinds/cstorpoolcluster.ts';
import { cstorPoolInstanceSchema } from './kinds/cstorpoolinstance.ts';
import { cstorVolumeSchema } from './kinds/cstorvolume.ts';
import { cstorVolumeAttachmentSchema } from './kinds/cstorvolumeattachment.ts';
import { cstorVolumeConfigSchema } from './kinds/cstorvolumeconfig.ts';
import { cstorVolumePolicySchema } from './kinds/cstorvolumepolicy.ts';
import { cstorVolumeReplicaSchema } from './kinds/cstorvolumereplica.ts';
import { storagePoolClaimSchema } from './kinds/storagepoolclaim.ts';
import { compile, describe } from './validate.ts';

/** Undefined when valid, else what is wrong, field by field. */
export type Validator = (object: unknown) => string | undefined;

function validator(schema: unknown): Validator {
  let validate: ReturnType<typeof compile> | undefined;
  return (object) => {
    validate ??= compile(schema);
    // a validator fills in defaults, and what it is shown may be another's
    return validate(structuredClone(object)) ? undefined : describe(validate.errors);
  };
}

export const validators = {
  storagePoolClaim: validator(storagePoolClaimSchema),
  blockDevice: validator(blockDeviceSchema),
  blockDeviceClaim: validator(blockDeviceClaimSchema),
  cstorPoolCluster: validator(cstorPoolClusterSchema),
  cstorPoolInstance: validator(cstorPoolInstanceSchema),
  cstorVolumePolicy: validator(cstorVolumePolicySchema),
  cstorVolumeConfig: validator(cstorVolumeConfigSchema),
  cstorVolume: validator(cstorVolumeSchema),
  cstorVolumeReplica: validator(cstorVolumeReplicaSchema),
  cstorVolumeAttachment: validator(cstorVolumeAttachmentSchema),
} as const;
