import type { CStorVolume } from '../../api/kinds/cstorvolume.ts';
import { initiatorIqn, labels } from '../../api/names.ts';
import { adminToken } from '../../shared/keys.ts';
import { adminAddress, readyPod } from '../pods.ts';
import { keyIn, type World } from '../world.ts';
import type { Grant } from './plan.ts';
import type { TargetFacts } from './status.ts';

/** Watches the target pod that is there now, and answers what it says. */
export function observeTarget(world: World, name: string): TargetFacts {
  const { targets, masterKey } = world;
  const address = adminAddress(world, labels.persistentVolume, name);
  if (address === undefined) targets.forget(name);
  else targets.track(name, address, adminToken(masterKey, 'target', name));
  return {
    target: targets.status(name),
    expected: targets.expected(name),
    podReady: readyPod(world, labels.persistentVolume, name),
  };
}

export function observeGrant(world: World, volume: CStorVolume, { target }: TargetFacts): Grant {
  const config = world.informers.configs.store.get(keyIn(world.settings, volume.metadata.name));
  const node = config?.publish?.nodeId ?? '';
  return {
    wishedNode: node,
    wishedIqn: node === '' ? undefined : initiatorIqn(node),
    // Until it has recovered, a target knows neither its size nor whom its replicas remember.
    initiators: target === undefined || target.sizeBytes === 0 ? undefined : target.initiators,
  };
}
