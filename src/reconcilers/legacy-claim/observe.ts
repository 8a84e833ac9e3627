import { findCondition } from '../../api/conditions.ts';
import { legacyProvisioner } from '../../api/names.ts';
import { parseQuantity } from '../../api/quantity.ts';
import { CasConfigError } from '../inventory.ts';
import { selectedNodeAnnotation } from '../volume-config/observe.ts';
import { keyIn, type World } from '../world.ts';
import type { Subject } from './checks.ts';
import { classSettings, type ClassSettings } from './inventory.ts';
import type { Observed } from './plan.ts';

type Claims = World['informers']['persistentVolumeClaims']['store'];
export type Claim = NonNullable<ReturnType<Claims['get']>>;
type Classes = World['informers']['storageClasses']['store'];
export type Class = NonNullable<ReturnType<Classes['get']>>;

/** On PersistentVolumes and configs that this provisioner made. */
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by';
/** On configs: what is to happen with the data when nobody asks for it any more. */
export const reclaimPolicyAnnotation = 'cstor.openebs.io/reclaim-policy';
export const claimNamespaceAnnotation = 'cstor.openebs.io/claim-namespace';

export const volumeNameOf = (claim: Claim): string => `pvc-${claim.metadata.uid ?? ''}`;

export const claimOf = (world: World, volumeName: string): Claim | undefined =>
  world.informers.persistentVolumeClaims.store.list().find((claim) => volumeNameOf(claim) === volumeName);

export function classOf(world: World, claim: Claim): Class | undefined {
  const name = claim.spec?.storageClassName ?? '';
  const found = name === '' ? undefined : world.informers.storageClasses.store.get({ name });
  return found?.provisioner === legacyProvisioner ? found : undefined;
}

/** Kubernetes asks a provisioner by annotation, and only once the first consumer has a node where the class waits for it. */
export function asksUs(claim: Claim): boolean {
  const annotations = claim.metadata.annotations ?? {};
  return (
    annotations['volume.kubernetes.io/storage-provisioner'] === legacyProvisioner ||
    annotations['volume.beta.kubernetes.io/storage-provisioner'] === legacyProvisioner
  );
}

export const selectedNode = (claim: Claim): string =>
  claim.metadata.annotations?.[selectedNodeAnnotation] ?? '';

export function isReady(claim: Claim, found: Class): boolean {
  const waits = found.volumeBindingMode === 'WaitForFirstConsumer';
  return asksUs(claim) && (!waits || selectedNode(claim) !== '') && (claim.spec?.volumeName ?? '') === '';
}

/** Sizes are whole MiB. */
const sizeStep = 1024 ** 2;

export function subjectOf(world: World, claim: Claim, found: Class): Subject {
  const requested = claim.spec?.resources?.requests?.['storage'] ?? '0';
  const read = readSettings(found);
  const poolClaim = read.settings?.poolClaim ?? '';
  return {
    className: found.metadata.name,
    ...read,
    clusterExists:
      poolClaim !== '' && world.informers.clusters.store.get(keyIn(world.settings, poolClaim)) !== undefined,
    accessModes: claim.spec?.accessModes ?? [],
    sizeBytes: Math.ceil(parseQuantity(requested) / sizeStep) * sizeStep,
    hasDataSource: (claim.spec?.dataSource ?? claim.spec?.dataSourceRef) !== undefined,
  };
}

function readSettings(found: Class): {
  readonly settings: ClassSettings | undefined;
  readonly classProblem: string;
} {
  try {
    return { settings: classSettings(found.metadata.annotations), classProblem: '' };
  } catch (error) {
    if (!(error instanceof CasConfigError)) throw error;
    return { settings: undefined, classProblem: error.message };
  }
}

export function observe(
  world: World,
  name: string,
  claim: Claim | undefined,
  wantsVolume: boolean,
): Observed {
  const { informers, settings } = world;
  const config = informers.configs.store.get(keyIn(settings, name));
  const volume = informers.persistentVolumes.store.get({ name });
  return {
    claim:
      claim === undefined
        ? undefined
        : { deleting: claim.metadata.deletionTimestamp !== undefined, wantsVolume },
    config:
      config === undefined
        ? undefined
        : {
            deleting: config.metadata.deletionTimestamp !== undefined,
            bound: config.status?.phase === 'Bound',
            ours: config.metadata.annotations?.[provisionedByAnnotation] === legacyProvisioner,
            retain: config.metadata.annotations?.[reclaimPolicyAnnotation] === 'Retain',
            problem: findCondition(config.status?.condition, 'Provisioned')?.message ?? '',
          },
    volume:
      volume === undefined
        ? undefined
        : {
            deleting: volume.metadata.deletionTimestamp !== undefined,
            ours: volume.metadata.annotations?.[provisionedByAnnotation] === legacyProvisioner,
            released: volume.status?.phase === 'Released',
            retain: volume.spec?.persistentVolumeReclaimPolicy !== 'Delete',
          },
  };
}
