/**
 * When a Lease may be taken. Pure. Clocks of machines are not compared: a holder counts as gone when its record has stayed
 * the same for as long as the record promises, by the clock of the one who watches.
 */
import type { Json } from './core-resources.ts';
import type { V1Lease } from '@kubernetes/client-node';

export type Lease = Json<V1Lease>;
export type LeaseStep = 'create' | 'take' | 'renew' | 'wait';

export class LeaseObserver {
  readonly #identity: string;
  #seen: { readonly version: string | undefined; readonly sinceMs: number } | undefined;

  constructor(identity: string) {
    this.#identity = identity;
  }

  /** What to do about the lease as it was read at `nowMs`; undefined: there is none. */
  step(lease: Lease | undefined, nowMs: number): LeaseStep {
    if (lease === undefined) return 'create';
    const version = lease.metadata.resourceVersion;
    if (this.#seen === undefined || this.#seen.version !== version) this.#seen = { version, sinceMs: nowMs };
    const { holderIdentity = '', leaseDurationSeconds = 0 } = lease.spec ?? {};
    if (holderIdentity === this.#identity) return 'renew';
    if (holderIdentity === '') return 'take';
    return nowMs - this.#seen.sinceMs >= leaseDurationSeconds * 1000 ? 'take' : 'wait';
  }
}

/** The lease with us as its holder. `now` is wall time, for people. */
export function heldBy(
  before: Lease | undefined,
  of: {
    readonly namespace: string;
    readonly name: string;
    readonly identity: string;
    readonly durationMs: number;
  },
  now: Date,
): Lease {
  const renewTime = microTime(now);
  const same = before?.spec?.holderIdentity === of.identity;
  const transitions = before?.spec?.leaseTransitions ?? 0;
  return {
    ...before,
    metadata: before?.metadata ?? { namespace: of.namespace, name: of.name },
    spec: {
      ...before?.spec,
      holderIdentity: of.identity,
      leaseDurationSeconds: Math.ceil(of.durationMs / 1000),
      acquireTime: same ? (before?.spec?.acquireTime ?? renewTime) : renewTime,
      renewTime,
      leaseTransitions: before === undefined || same ? transitions : transitions + 1,
    },
  };
}

/** The lease without a holder, so that the next one need not wait. */
export const released = (lease: Lease, now: Date): Lease => ({
  ...lease,
  spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) },
});

/** V1MicroTime: six digits after the point, or the API server refuses it. */
const microTime = (time: Date): string => time.toISOString().replace(/(\.\d{3})Z$/, '$1000Z');
