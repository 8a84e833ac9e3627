import type { BlockDeviceClaim } from '../../api/kinds/blockdeviceclaim.ts';
import { labels } from '../../api/names.ts';
import { parseQuantity } from '../../api/quantity.ts';
import { deviceOf, type Device } from './inventory.ts';
import type { Claim } from './plan.ts';
import type { World } from '../world.ts';

export const observeDevices = (world: World): readonly Device[] =>
  world.informers.devices.store.list(world.settings.namespace).map(deviceOf);

export function observeClaim({ metadata, spec, status }: BlockDeviceClaim): Claim {
  const requested = spec?.resources?.requests['storage'];
  const expressions = spec?.selector?.matchExpressions ?? [];
  const tag = spec?.selector?.matchLabels?.[labels.blockDeviceTag];
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    deleting: metadata.deletionTimestamp !== undefined,
    finalizers: metadata.finalizers ?? [],
    phase: status?.phase ?? '',
    deviceName: spec?.blockDeviceName ?? '',
    deviceType: spec?.deviceType ?? '',
    node: spec?.blockDeviceNodeAttributes?.nodeName ?? '',
    hostname: spec?.blockDeviceNodeAttributes?.hostName ?? spec?.hostName ?? '',
    bytesMin: requested === undefined ? undefined : bytesOf(requested),
    tags: [
      ...(tag === undefined ? [] : [tag]),
      ...expressions
        .filter(({ key, operator }) => key === labels.blockDeviceTag && operator === 'In')
        .flatMap(({ values }) => values ?? []),
    ],
  };
}

/** Undefined for what is no quantity: the phase tells the user. */
function bytesOf(quantity: string | number): number | undefined {
  try {
    return parseQuantity(quantity);
  } catch {
    return undefined;
  }
}
