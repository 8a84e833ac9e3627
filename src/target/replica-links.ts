/** The links of a volume to its replicas, by replica id: made, moved, dropped and counted. */
import type { ReplicaAddress } from '../api/target-config.ts';
import type { Coordinator } from '../replication/coordinator/coordinator.ts';
import type { Speaks } from '../replication/handshake.ts';
import { Refusals } from '../replication/refusals.ts';
import type { Timing } from '../replication/timing.ts';
import { must } from '../shared/assert.ts';
import type { Clock } from '../shared/clock.ts';
import { parseEndpoint } from '../shared/edge/endpoint.ts';
import type { LinkTls } from '../shared/edge/link-tls.ts';
import type { Log } from '../shared/log.ts';
import type { MembersChange } from './member-places.ts';
import { ReplicaLink } from './replica-link.ts';

/** Whom a link tells what comes; the coordinator, in a target. */
export type Linked = Pick<Coordinator, 'connected' | 'disconnected' | 'receive' | 'endBatch' | 'setPlace'>;

interface ReplicaLinksOptions {
  readonly volume: string;
  readonly tls?: LinkTls | undefined;
  readonly speaks?: Speaks | undefined;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly log: Log;
}

export class ReplicaLinks {
  readonly refusals = new Refusals();
  readonly #o: ReplicaLinksOptions;
  readonly #links = new Map<string, ReplicaLink>();
  #keys: MembersChange['linkKeys'];
  #replicas: MembersChange['replicas'];

  constructor(options: ReplicaLinksOptions, { linkKeys, replicas }: MembersChange) {
    this.#o = options;
    this.#keys = linkKeys;
    this.#replicas = replicas;
  }

  /** Addresses and keys of those who are added from now on. */
  use({ linkKeys, replicas }: MembersChange): void {
    this.#keys = linkKeys;
    this.#replicas = { ...this.#replicas, ...replicas };
  }

  /** Undefined: a member that is reached nowhere has no link. */
  find(replicaId: string): ReplicaLink | undefined {
    return this.#links.get(replicaId);
  }

  key(replicaId: string): Uint8Array {
    return must(this.#keys.get(replicaId), `key of ${replicaId}`);
  }

  /** Dials at once; what comes is for `linked`. */
  add(replicaId: string, guid: string, linked: Linked): void {
    const link = this.#make(replicaId, guid, linked);
    this.#links.set(replicaId, link);
    link.dial();
  }

  /** What is to be said has been said: the link closes after it. */
  end(replicaId: string): void {
    const link = this.#links.get(replicaId);
    this.#links.delete(replicaId);
    link?.stop().catch((error: unknown) => this.#o.log.error('a link did not close', { error }));
  }

  /** Breaks the link; it is dialed again. */
  reset(replicaId: string, reason: string): void {
    this.#o.log.info('link closed', { replica: replicaId, reason });
    must(this.#links.get(replicaId), `link of ${replicaId}`).reset();
  }

  resetAll(): void {
    for (const link of this.#links.values()) link.reset();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.stop()));
  }

  /** This replica may be back; undefined: all may. */
  hint(replicaId?: string): void {
    for (const [id, link] of this.#links) if (replicaId === undefined || id === replicaId) link.hint();
  }

  /** Links to unchanged addresses stay. Throws UsageError when one is no address, and changes nothing then. */
  move(replicas: Readonly<Record<string, ReplicaAddress>>, linked: Linked): void {
    for (const { replication } of Object.values(replicas)) parseEndpoint(replication); // before any link has moved
    for (const [id, link] of this.#links) {
      const place = replicas[id];
      if (!place) continue;
      linked.setPlace(id, place.pool, place.copy);
      link.moveTo(place.replication);
    }
  }

  /** That are open without TLS. */
  get plain(): number {
    return [...this.#links.values()].filter(({ isPlain }) => isPlain).length;
  }

  #make(replicaId: string, guid: string, linked: Linked): ReplicaLink {
    const { volume, clock, tls, speaks, timing } = this.#o;
    const log = this.#o.log.with({ replica: replicaId });
    let lastReason = '';
    return new ReplicaLink({
      volume,
      replicaId,
      guid,
      address: must(this.#replicas[replicaId], `address of ${replicaId}`).replication,
      key: this.key(replicaId),
      tls,
      speaks,
      clock,
      timing,
      log,
      onOpen: ({ promisedEpoch }, features) => {
        log.info('replica connected');
        lastReason = '';
        linked.connected(replicaId, promisedEpoch, clock.nowMs(), features);
      },
      onRefused: (what) => this.refusals.note(what),
      onMessage: (message) => linked.receive(replicaId, message, clock.nowMs()),
      onBatchEnd: () => linked.endBatch(clock.nowMs()),
      onClosed: (reason) => {
        if (reason !== lastReason) log.info('replica not connected', { reason });
        lastReason = reason;
        linked.disconnected(replicaId, reason, clock.nowMs());
      },
    });
  }
}
