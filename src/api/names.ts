/** Names that users, other programs and our own roles agree on. Most are cStor's and therefore fixed; `ours` marks the others. */

export const groups = { cstor: 'cstor.openebs.io', openebs: 'openebs.io' } as const;

/** Name of the CSIDriver and provisioner of StorageClasses of today. */
export const csiDriverName = 'cstor.csi.openebs.io';
/** Provisioner of legacy StorageClasses (annotation `cas.openebs.io/config`). */
export const legacyProvisioner = 'openebs.io/provisioner-iscsi';

export const labels = {
  /** CSPI, BDC, CVC, pool Deployment and pod: name of the CStorPoolCluster. */
  cstorPoolCluster: 'openebs.io/cstor-pool-cluster',
  /** Pool Deployment and pod: name of the CStorPoolInstance. */
  cstorPoolInstance: 'openebs.io/cstor-pool-instance',
  /** CVR: name and UID of the CStorPoolInstance. */
  poolInstanceName: 'cstorpoolinstance.openebs.io/name',
  poolInstanceUid: 'cstorpoolinstance.openebs.io/uid',
  /** CV, CVR, target Deployment, pod and Service: name of the PersistentVolume. */
  persistentVolume: 'openebs.io/persistent-volume',
  persistentVolumeClaim: 'openebs.io/persistent-volume-claim',
  /** CVR: name of the CStorVolume. */
  cstorVolumeName: 'cstorvolume.openebs.io/name',
  casType: 'openebs.io/cas-type',
  storageEngineType: 'openebs.io/storage-engine-type',
  targetService: 'openebs.io/target-service',
  target: 'openebs.io/target',
  version: 'openebs.io/version',
  componentName: 'openebs.io/component-name',
  storagePoolClaim: 'openebs.io/storage-pool-claim',
  sourceVolume: 'openebs.io/source-volume',
  snapshot: 'openebs.io/snapshot',
  cloned: 'openebs.io/cloned',
  /** BD: a tag; an empty one makes it unusable. */
  blockDeviceTag: 'openebs.io/block-device-tag',
  blockDeviceType: 'ndm.io/blockdevice-type',
  /** BD: `false` tells the node disk manager to leave it alone. */
  managed: 'ndm.io/managed',
  hostname: 'kubernetes.io/hostname',
  /** CVA. */
  nodeId: 'nodeID',
  volumeName: 'Volname',
} as const;

export const annotations = {
  /** SPC and StorageClass: a YAML list of `{name, value}`. */
  casConfig: 'cas.openebs.io/config',
  /** Service of a volume: names its StorageClass. */
  storageClassRef: 'openebs.io/storage-class-ref',
  volumeId: 'openebs.io/volumeID',
  volumePolicy: 'openebs.io/volume-policy',
  /** CSPC, SPC: tags of block devices that may be used, separated by commas. */
  allowedBlockDeviceTags: 'openebs.io/allowed-bd-tags',
  /** BDC: the block device that is being replaced. */
  blockDevicePredecessor: 'openebs.io/bd-predecessor',
  /** BDC, ours: the pool instance that the device, a log device, is leaving. */
  leavingPool: 'cstor.openebs.io/leaving-pool',
  /** CVR: host name of its pool's node. */
  poolInstanceHostname: 'cstorpoolinstance.openebs.io/hostname',
  /** `true`: no reconciler touches the object. */
  reconcileDisable: 'reconcile.openebs.io/disable',
  /** BD, BDC: `false` means the same. */
  reconcile: 'openebs.io/reconcile',
  /** CSPC, ours: names of block devices, separated by commas, whose content may be destroyed. */
  overwriteDevices: 'cstor.openebs.io/overwrite-devices',
} as const;

/** CVC, ours: a person gives up replicas that are lost for good (docs/durability.md). */
export const forcedWish = {
  annotation: 'cstor.openebs.io/go-on-with',
  form: 'volume=NAME version=N survivors=POOL,POOL loss=unflushed|flushed',
} as const;

/** CSPI, ours: a scrub of the pool; taken away when its daemon has heard it. */
export const scrubWish = {
  annotation: 'cstor.openebs.io/scrub',
  form: 'start [share=PERCENT]|pause|stop',
} as const;

export const finalizers = {
  /** CSPC, CSPI, BDC: until what hangs on them is gone. */
  poolCluster: 'cstorpoolcluster.openebs.io/finalizer',
  /** CSPI: until its pool is destroyed; a person removes it when the node is lost. */
  poolProtection: 'openebs.io/pool-protection',
  volumeConfig: 'cvc.openebs.io/finalizer',
  /** CVR: until its data is destroyed; a person removes it when the pool is lost. */
  volumeReplica: 'cstorvolumereplica.openebs.io/finalizer',
  blockDeviceClaim: 'openebs.io/bdc-protection',
  blockDevice: 'openebs.io/bd-protection',
  storagePoolClaim: 'storagepoolclaim.openebs.io/finalizer',
} as const;

/** Ports of the data plane; they mean what they mean in cStor. */
export const ports = {
  iscsi: 3260,
  /** gRPC of pool and target. */
  admin: 7777,
  /** A restarted pool announces itself to the target here. */
  announce: 6060,
  /** Health and metrics of every role. */
  http: 9500,
  /** Pool: targets dial in. */
  replication: 3232,
  /** Pool: other replicas copy from here. */
  copy: 3233,
} as const;

/** iSCSI name of the target of a volume. */
export const targetIqn = (volume: string): string => `iqn.2016-09.com.openebs.cstor:${volume}`;

/** iSCSI name that a node logs in with; `node` is the name of the Node. What a target grants access to. */
export const initiatorIqn = (node: string): string => `iqn.2016-09.com.openebs.csi:${node}`;
