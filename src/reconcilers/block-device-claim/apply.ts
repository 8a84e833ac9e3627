import type { BlockDevice } from '../../api/kinds/blockdevice.ts';
import type { BlockDeviceClaim } from '../../api/kinds/blockdeviceclaim.ts';
import { finalizers } from '../../api/names.ts';
import { keyOf } from '../../api/object-meta.ts';
import { apiVersionOf, resources } from '../../api/resources.ts';
import { keyIn, type World } from '../world.ts';
import type { Action } from './plan.ts';

export async function apply(world: World, claim: BlockDeviceClaim, action: Action): Promise<void> {
  const { client, recorder } = world;
  switch (action.do) {
    case 'addFinalizer':
      await client.addFinalizer(resources.blockDeviceClaim, claim, finalizers.blockDeviceClaim);
      return;
    case 'removeFinalizer':
      await client.removeFinalizer(resources.blockDeviceClaim, claim, finalizers.blockDeviceClaim);
      return;
    case 'setPhase':
      await client.patchStatus(resources.blockDeviceClaim, claim, { ...claim.status, phase: action.phase });
      recorder.event(claim, 'Warning', 'SelectionFailed', action.why);
      return;
    case 'bind': {
      const named =
        claim.spec?.blockDeviceName === action.device
          ? claim
          : await client.patch(resources.blockDeviceClaim, keyOf(claim), {
              spec: { blockDeviceName: action.device },
            });
      await client.patchStatus(resources.blockDeviceClaim, named, { ...named.status, phase: 'Bound' });
      return;
    }
    case 'claimDevice':
    case 'markClaimed':
    case 'markReleased':
    case 'unclaim':
      return await applyToDevice(world, claim, action);
  }
}

type DeviceAction = Extract<Action, { do: 'claimDevice' | 'markClaimed' | 'markReleased' | 'unclaim' }>;

async function applyToDevice(world: World, claim: BlockDeviceClaim, action: DeviceAction): Promise<void> {
  const { client, recorder } = world;
  // Read anew: what is written hangs on nobody having been faster.
  const device = await client.get(resources.blockDevice, keyIn(world.settings, action.device));
  if (device === undefined) return;
  switch (action.do) {
    case 'claimDevice': {
      if (device.spec?.claimRef?.uid !== undefined) return;
      const claimed = await lock(world, device, claim);
      await setClaimState(world, claimed, 'Claimed');
      recorder.event(
        device,
        'Normal',
        'BlockDeviceClaimed',
        `claimed by BlockDeviceClaim ${claim.metadata.name}`,
      );
      return;
    }
    case 'markClaimed':
      return await setClaimState(world, device, 'Claimed');
    case 'markReleased':
      await setClaimState(world, device, 'Released');
      recorder.event(
        device,
        'Normal',
        'BlockDeviceReleased',
        `released by BlockDeviceClaim ${claim.metadata.name}`,
      );
      return;
    case 'unclaim':
      if (device.spec?.claimRef?.uid !== claim.metadata.uid) return;
      await setClaimState(world, device, 'Unclaimed');
      await client.patch(resources.blockDevice, keyOf(device), {
        metadata: {
          finalizers: (device.metadata.finalizers ?? []).filter((each) => each !== finalizers.blockDevice),
        },
        spec: { claimRef: null },
      });
      recorder.event(device, 'Normal', 'BlockDeviceUnclaimed', 'free for another claim');
      return;
  }
}

/** Writes claimRef and finalizer on exactly the revision that was read: the loser of a race gets a conflict. */
function lock(world: World, device: BlockDevice, claim: BlockDeviceClaim): Promise<BlockDevice> {
  const { metadata } = device;
  return world.client.patch(resources.blockDevice, keyOf(device), {
    metadata: {
      resourceVersion: metadata.resourceVersion,
      finalizers: [...new Set([...(metadata.finalizers ?? []), finalizers.blockDevice])],
    },
    spec: {
      claimRef: {
        apiVersion: apiVersionOf(resources.blockDeviceClaim),
        kind: resources.blockDeviceClaim.kind,
        namespace: claim.metadata.namespace,
        name: claim.metadata.name,
        uid: claim.metadata.uid,
      },
    },
  });
}

const setClaimState = async (
  world: World,
  device: BlockDevice,
  claimState: 'Claimed' | 'Released' | 'Unclaimed',
): Promise<void> => {
  const state = device.status?.state ?? 'Unknown';
  await world.client.patchStatus(resources.blockDevice, device, { ...device.status, state, claimState });
};
