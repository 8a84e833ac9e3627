/**
 * How a pool's pod gets its devices and nothing else of its node: each is a local PersistentVolume of mode Block with a
 * claim of its own, which the kubelet hands to the container as the one device it may open. The pod needs no privilege.
 *
 * The names follow from device and path, for the path of a PersistentVolume can not change: a device that is found
 * elsewhere after a reboot gets a new pair, and the old one goes with its pod.
 */
import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { labels } from '../../api/names.ts';
import { ownerReference } from '../../api/object-meta.ts';
import { resources } from '../../api/resources.ts';
import type { Device } from '../block-device-claim/inventory.ts';
import { hashOf } from '../objects.ts';
import type { Settings } from '../pod-template.ts';

/** One device of the pod: the claim that brings it, and the BlockDevice's name. */
export interface DeviceMount {
  readonly claim: string;
  readonly device: string;
}

/** A mount with what its volume and claim are made of. */
export interface WantedMount extends DeviceMount {
  readonly path: string;
  readonly bytes: number;
  readonly hostname: string;
}

const folder = '/dev/caskade';
/** No class of this name exists: it keeps other claims from these volumes. */
const className = 'caskade-device';

/** Where the pod finds the device. */
export const devicePath = (device: string): string => `${folder}/${device}`;

/** What the device needs; undefined when it has no path yet. */
export function wantedMount({ name, paths, bytes, hostname }: Device): WantedMount | undefined {
  const [path] = paths;
  if (path === undefined) return undefined;
  return { device: name, claim: `${name}-${hashOf(path).slice(0, 8)}`, path, bytes, hostname };
}

interface Template {
  readonly volumes?: readonly {
    readonly name: string;
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
  readonly containers: readonly {
    readonly volumeDevices?: readonly { readonly name: string; readonly devicePath: string }[];
  }[];
}

/** The mounts of a pod template that was made by `podDevices`. */
export function mountsOf(template: Template | undefined): readonly DeviceMount[] {
  const claims = new Map(
    template?.volumes?.map(({ name, persistentVolumeClaim }) => [name, persistentVolumeClaim?.claimName]),
  );
  return (template?.containers[0]?.volumeDevices ?? []).flatMap((each) => {
    const claim = claims.get(each.name);
    return claim === undefined ? [] : [{ claim, device: each.devicePath.slice(folder.length + 1) }];
  });
}

/** The part of the pod template that brings the devices. */
export const podDevices = (mounts: readonly DeviceMount[]) => ({
  volumes: mounts.map(({ claim }, index) => ({
    name: `device-${index}`,
    persistentVolumeClaim: { claimName: claim },
  })),
  volumeDevices: mounts.map(({ device }, index) => ({
    name: `device-${index}`,
    devicePath: devicePath(device),
  })),
});

const metaOf = (instance: CStorPoolInstance, name: string) => ({
  name,
  labels: {
    [labels.cstorPoolInstance]: instance.metadata.name,
    [labels.casType]: 'cstor',
  },
});

/** The PersistentVolume, bound to its claim from the start. */
export const deviceVolume = (instance: CStorPoolInstance, mount: WantedMount, settings: Settings) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: metaOf(instance, mount.claim),
  spec: {
    capacity: { storage: String(mount.bytes) },
    volumeMode: 'Block',
    accessModes: ['ReadWriteOnce'],
    // What is on the device is the pool's to clear.
    persistentVolumeReclaimPolicy: 'Retain',
    storageClassName: className,
    claimRef: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      namespace: settings.namespace,
      name: mount.claim,
    },
    local: { path: mount.path },
    nodeAffinity: {
      required: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: labels.hostname, operator: 'In', values: [mount.hostname] }] },
        ],
      },
    },
  },
});

export const deviceClaim = (instance: CStorPoolInstance, mount: WantedMount, settings: Settings) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    ...metaOf(instance, mount.claim),
    namespace: settings.namespace,
    ownerReferences: [ownerReference(resources.cstorPoolInstance, instance)],
  },
  spec: {
    volumeMode: 'Block',
    accessModes: ['ReadWriteOnce'],
    storageClassName: className,
    volumeName: mount.claim,
    resources: { requests: { storage: String(mount.bytes) } },
  },
});
