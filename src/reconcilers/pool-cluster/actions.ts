/** What planning starts from, and what comes of it. */
import type { Device } from '../block-device-claim/inventory.ts';
import type { Violation } from '../checks.ts';
import type { Cluster, Instance, Node, PoolEntry } from './inventory.ts';

export interface Claim {
  readonly name: string;
  readonly uid: string;
  readonly device: string;
  readonly bound: boolean;
  readonly deleting: boolean;
  /** It carries the cluster's finalizer: the device may be in use. */
  readonly clusterFinalizer: boolean;
  /** The device in whose place this one is being filled; undefined: none, or that is done. */
  readonly predecessor: string | undefined;
  /** The instance whose pool it is a log device of, and leaves; undefined: none, or it has left. */
  readonly leaving: string | undefined;
}

export interface Observed {
  /** Undefined: gone, and what is left of it has to go too. */
  readonly cluster: Cluster | undefined;
  readonly nodes: readonly Node[];
  readonly devices: ReadonlyMap<string, Device>;
  readonly claims: readonly Claim[];
  readonly instances: readonly Instance[];
}

export type Action =
  | { readonly do: 'addFinalizer' }
  | {
      readonly do: 'createClaim';
      readonly name: string;
      readonly device: Device;
      readonly predecessor: string | undefined;
    }
  /** Before the instance is told, or the old device would look unused. */
  | { readonly do: 'setPredecessor'; readonly name: string; readonly predecessor: string }
  /** The same of a log device that the pool has to let go of. */
  | { readonly do: 'setLeaving'; readonly name: string; readonly instance: string }
  /** Named again, by the instance too: before that the mark is all that keeps the device. */
  | { readonly do: 'clearLeaving'; readonly name: string }
  | { readonly do: 'createInstance'; readonly name: string; readonly node: Node; readonly pool: PoolEntry }
  | {
      readonly do: 'updateInstance';
      readonly name: string;
      readonly node: Node;
      readonly pool: PoolEntry;
    }
  | { readonly do: 'deleteInstance'; readonly name: string }
  | { readonly do: 'releaseClaim'; readonly name: string }
  | { readonly do: 'removeInstanceFinalizer'; readonly name: string }
  | { readonly do: 'removeFinalizer' };

export interface Plan {
  readonly actions: readonly Action[];
  /** What is waited for, or refused without being wrong in itself. */
  readonly notes: readonly Violation[];
}

export const merge = (plans: readonly Plan[]): Plan => ({
  actions: plans.flatMap((each) => each.actions),
  notes: plans.flatMap((each) => each.notes),
});

export const wait = (reason: string, message: string): Plan => ({
  actions: [],
  notes: [{ reason, message }],
});
