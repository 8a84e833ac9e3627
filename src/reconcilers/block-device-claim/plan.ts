/**
 * Binding a claim to a device and giving it back.
 *
 *   device:  Unclaimed ──claimRef, Claimed──▶ Claimed ──claim deleted──▶ Released ──▶ Unclaimed
 *   claim:   '' ──▶ Pending ──▶ Bound
 *
 * The device's claimRef is the lock: it is written first (with the resourceVersion that was read), so a crash at any
 * point leaves either nothing or a device that names the claim, and the same claim goes on with it. Cleaning is what
 * DestroyPool did; a device that never held a pool has nothing to clean, and a pool label that stayed behind is found
 * by whoever wants the device next.
 */
import type { Device } from './inventory.ts';

export interface Claim {
  readonly name: string;
  readonly uid: string;
  readonly deleting: boolean;
  readonly finalizers: readonly string[];
  readonly phase: string;
  readonly deviceName: string;
  readonly deviceType: string;
  readonly node: string;
  readonly hostname: string;
  /** Undefined: not a quantity. */
  readonly bytesMin: number | undefined;
  /** Values of the selector on the tag label; empty: none asked for. */
  readonly tags: readonly string[];
}

export type Action =
  | { readonly do: 'addFinalizer' }
  | { readonly do: 'claimDevice'; readonly device: string }
  | { readonly do: 'markClaimed'; readonly device: string }
  | { readonly do: 'bind'; readonly device: string }
  | { readonly do: 'setPhase'; readonly phase: 'Pending' | 'Invalid Capacity Request'; readonly why: string }
  | { readonly do: 'markReleased'; readonly device: string }
  | { readonly do: 'unclaim'; readonly device: string }
  | { readonly do: 'removeFinalizer' };

export const claimFinalizer = 'openebs.io/bdc-protection';
export const deviceFinalizer = 'openebs.io/bd-protection';

export function plan(claim: Claim, devices: readonly Device[]): readonly Action[] {
  const held = devices.find((device) => device.claim?.uid === claim.uid);
  if (claim.deleting) return release(claim, held);
  if (!claim.finalizers.includes(claimFinalizer)) return [{ do: 'addFinalizer' }];
  if (held !== undefined) return bound(claim, held);
  if (claim.phase === 'Bound') return []; // its device is gone: the pool says so, nobody guesses another one
  const choice = select(claim, devices);
  if (choice.ok) return [{ do: 'claimDevice', device: choice.device.name }];
  return claim.phase === choice.phase ? [] : [{ do: 'setPhase', phase: choice.phase, why: choice.why }];
}

function bound(claim: Claim, held: Device): readonly Action[] {
  const actions: Action[] = [];
  if (held.claimState !== 'Claimed') actions.push({ do: 'markClaimed', device: held.name });
  if (claim.phase !== 'Bound' || claim.deviceName !== held.name)
    actions.push({ do: 'bind', device: held.name });
  return actions;
}

function release(claim: Claim, held: Device | undefined): readonly Action[] {
  if (!claim.finalizers.includes(claimFinalizer)) return [];
  const others = claim.finalizers.filter((finalizer) => finalizer !== claimFinalizer);
  if (others.length > 0) return []; // whoever uses the device has not let go yet
  if (held === undefined) return [{ do: 'removeFinalizer' }];
  if (held.claimState === 'Claimed') return [{ do: 'markReleased', device: held.name }];
  return [{ do: 'unclaim', device: held.name }];
}

export type Choice =
  | { readonly ok: true; readonly device: Device }
  | { readonly ok: false; readonly phase: 'Pending' | 'Invalid Capacity Request'; readonly why: string };

const pending = (why: string): Choice => ({ ok: false, phase: 'Pending', why });

/** The device that a claim may have; by name, or the first by name that fits what it asks for. */
export function select(claim: Claim, devices: readonly Device[]): Choice {
  if (claim.deviceName !== '') {
    const named = devices.find((device) => device.name === claim.deviceName);
    if (named === undefined)
      return pending(`spec.blockDeviceName ${claim.deviceName}: no such BlockDevice; see kubectl get bd`);
    const problem = unusable(claim, named);
    return problem === undefined
      ? { ok: true, device: named }
      : pending(`spec.blockDeviceName ${claim.deviceName}: ${problem}`);
  }
  if (claim.bytesMin === undefined || claim.bytesMin <= 0)
    return {
      ok: false,
      phase: 'Invalid Capacity Request',
      why: 'spec.resources.requests.storage must be greater than 0, or name a device in spec.blockDeviceName',
    };
  const fitting = devices
    .filter((device) => unusable(claim, device) === undefined && fits(claim, device, claim.bytesMin ?? 0))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))[0];
  return fitting === undefined
    ? pending('no unclaimed active device fits node, type and capacity of spec; add a device or ask for less')
    : { ok: true, device: fitting };
}

function unusable(claim: Claim, device: Device): string | undefined {
  if (device.deleting) return 'the BlockDevice is being deleted';
  if (device.state !== 'Active') return `state is ${device.state}; it must be Active`;
  if (device.claim !== undefined) return `claimed by ${device.claim.name}; release that claim first`;
  if (device.claimState !== 'Unclaimed')
    return `claim state is ${device.claimState}; wait until it is Unclaimed`;
  if (device.tag === '') return 'its tag label is empty, which forbids any use';
  if (device.tag !== undefined && !claim.tags.includes(device.tag))
    return `it is tagged ${device.tag}; name that tag in spec.selector`;
  return undefined;
}

const fits = (claim: Claim, device: Device, bytesMin: number): boolean =>
  device.type !== 'sparse' && // claimable by name only
  device.bytes >= bytesMin &&
  (claim.node === '' || device.node === claim.node) &&
  (claim.hostname === '' || device.hostname === claim.hostname) &&
  (claim.deviceType === '' || device.type === claim.deviceType) &&
  (claim.tags.length === 0 || claim.tags.includes(device.tag ?? ''));
