import { annotations } from '../../api/names.ts';
import { keyOf, type ObjectKey } from '../../api/object-meta.ts';
import { done, watchMapped, watchSelf, type Requeue } from '../runtime/controller.ts';
import { isDisabled, keyIn, type World } from '../world.ts';
import { apply } from './apply.ts';
import { observeClaim, observeDevices } from './observe.ts';
import { plan } from './plan.ts';

async function reconcile(world: World, key: ObjectKey): Promise<Requeue> {
  const claim = world.informers.deviceClaims.store.get(key);
  if (claim === undefined || isDisabled(claim)) return done;
  for (const action of plan(observeClaim(claim), observeDevices(world))) await apply(world, claim, action);
  return done; // our own writes call us again
}

/** Binds claims to devices. A device that comes or is freed wakes the claims that wait, and the one that holds it. */
export const blockDeviceClaimController = (world: World) => ({
  name: 'block-device-claim',
  watches: [
    watchSelf(world.informers.deviceClaims),
    watchMapped(world.informers.devices, (device) => {
      const holder = device.spec?.claimRef?.name;
      const waiting = world.informers.deviceClaims.store
        .list(world.settings.namespace)
        .filter(
          ({ status, metadata }) =>
            status?.phase !== 'Bound' && metadata.annotations?.[annotations.reconcile] !== 'false',
        )
        .map(keyOf);
      return [...waiting, ...(holder === undefined ? [] : [keyIn(world.settings, holder)])];
    }),
  ],
  workers: 1,
  reconcile: (key: ObjectKey) => reconcile(world, key),
});
