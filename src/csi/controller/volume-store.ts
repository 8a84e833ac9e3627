/** The port between the Controller service and the custom resources of volumes. */
import type { CStorVolume } from '../../api/kinds/cstorvolume.ts';
import type { CStorVolumeConfig } from '../../api/kinds/cstorvolumeconfig.ts';

/** A volume as the API server shows it now. */
export interface VolumeState {
  readonly config: CStorVolumeConfig | undefined;
  readonly volume: CStorVolume | undefined;
}

/** A PersistentVolumeClaim, and the volume that csi-provisioner names after its uid. */
export interface ClaimRef {
  readonly name: string;
  readonly namespace: string;
  readonly volume: string;
}

export interface VolumeStore {
  /** Of all volumes, perhaps a moment old. */
  list(): readonly VolumeState[];
  /** Fresh. */
  get(name: string): Promise<CStorVolumeConfig | undefined>;
  /** The object as it was made; undefined when one of that name exists. */
  create(config: CStorVolumeConfig): Promise<CStorVolumeConfig | undefined>;
  /** Marks it for deletion; nothing when it is gone. */
  remove(name: string): Promise<void>;
  /** Says where the volume is to be, if it still is as `config` shows it; false: it has changed, look again. */
  publish(config: CStorVolumeConfig, nodeId: string): Promise<boolean>;
  hasNode(name: string): Promise<boolean>;
  /** Whether the claim that the volume was asked for is still there; fresh. */
  hasClaim(claim: ClaimRef): Promise<boolean>;
  /** Looks at each change until `look` answers something; undefined after `timeoutMs`. */
  wait<T>(
    name: string,
    timeoutMs: number,
    look: (state: VolumeState) => T | undefined,
  ): Promise<T | undefined>;
}
