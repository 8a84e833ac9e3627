import { annotations, legacyProvisioner } from '../../api/names.ts';
import type { ObjectKey } from '../../api/object-meta.ts';
import { messageOf, violationsOf } from '../checks.ts';
import { done, watchMapped, watchSelf, type Requeue } from '../runtime/controller.ts';
import { isDisabled, type World } from '../world.ts';
import { createConfig, createVolume, deleteConfig, deleteVolume } from './apply.ts';
import { legacyClaimChecks } from './checks.ts';
import {
  claimOf,
  classOf,
  isReady,
  observe,
  provisionedByAnnotation,
  subjectOf,
  volumeNameOf,
  type Claim,
} from './observe.ts';
import { plan } from './plan.ts';

/** What the owner of each claim was told last, so that nobody hears the same twice. */
type Told = Map<string, string>;

/** `key` names the volume, pvc-<uid>: of a claim, a config and a PersistentVolume alike. */
async function reconcile(world: World, told: Told, { name }: ObjectKey): Promise<Requeue> {
  const claim = claimOf(world, name);
  if (claim !== undefined && isDisabled(claim)) return done;
  const found = claim === undefined ? undefined : classOf(world, claim);
  const asked = claim !== undefined && found !== undefined && isReady(claim, found);
  const subject = asked ? subjectOf(world, claim, found) : undefined;
  const violations = subject === undefined ? [] : violationsOf(legacyClaimChecks, subject);
  const wish =
    asked && subject?.settings !== undefined && violations.length === 0
      ? { claim, class: found, settings: subject.settings, sizeBytes: subject.sizeBytes }
      : undefined;
  const { action, problem } = plan(observe(world, name, claim, wish !== undefined));
  if (action === 'createConfig' && wish !== undefined) await createConfig(world, wish);
  if (action === 'createVolume' && wish !== undefined) await createVolume(world, wish);
  if (action === 'deleteConfig') await deleteConfig(world, name);
  if (action === 'deleteVolume') await deleteVolume(world, name);
  tell(world, told, name, claim, violations.length > 0 ? messageOf(violations) : problem);
  return done;
}

function tell(world: World, told: Told, name: string, claim: Claim | undefined, problem: string): void {
  if (claim === undefined || problem === '') told.delete(name);
  if (claim === undefined || problem === '' || told.get(name) === problem) return;
  told.set(name, problem);
  world.recorder.event(claim, 'Warning', 'ProvisioningFailed', problem);
}

/** Provisions PersistentVolumeClaims of classes with provisioner openebs.io/provisioner-iscsi. */
export const legacyClaimController = (world: World) => {
  const { informers } = world;
  const told: Told = new Map();
  const waiting = (): ObjectKey[] =>
    informers.persistentVolumeClaims.store
      .list()
      .filter((claim) => claim.status?.phase === 'Pending' && classOf(world, claim) !== undefined)
      .map((claim) => ({ name: volumeNameOf(claim) }));
  const isLegacy = (object: { metadata: { annotations?: Record<string, string> } }) =>
    object.metadata.annotations?.[provisionedByAnnotation] === legacyProvisioner;
  return {
    name: 'legacy-claim',
    watches: [
      // First, so that a resync looks at every volume of ours.
      watchSelf(informers.persistentVolumes, isLegacy),
      watchMapped(informers.persistentVolumeClaims, (claim) => [{ name: volumeNameOf(claim) }]),
      watchMapped(informers.configs, (config) =>
        isLegacy(config)
          ? [{ name: config.metadata.annotations?.[annotations.volumeId] ?? config.metadata.name }]
          : [],
      ),
      watchMapped(informers.storageClasses, waiting),
      watchMapped(informers.clusters, waiting),
    ],
    workers: 4,
    reconcile: (key: ObjectKey) => reconcile(world, told, key),
  };
};
