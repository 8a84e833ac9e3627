/**
 * Serves the replicas of a pool: targets dial the replication address, other replicas the copy address. A replica needs
 * no configuration: whoever holds the link key of a volume that this pool has is served.
 */
import { createServer, type Server } from 'node:net';
import type { Admission, Speaks, Subject } from '../replication/handshake.ts';
import { Refusals } from '../replication/refusals.ts';
import type { ReplicaState } from '../replication/replica/replica.ts';
import { defaultTiming, type Timing } from '../replication/timing.ts';
import { Turns } from '../replication/turns.ts';
import { untilBeatMs } from '../shared/beats.ts';
import type { Clock } from '../shared/clock.ts';
import { formatEndpoint, listenOn, parseEndpoint } from '../shared/edge/endpoint.ts';
import type { LinkTls } from '../shared/edge/link-tls.ts';
import { copyKey, linkKey } from '../shared/keys.ts';
import type { Log } from '../shared/log.ts';
import { serveCopies } from './copy-server.ts';
import type { Pool } from './engine/pool.ts';
import { acceptPeers, type AcceptOptions, type Peer, type PeerHandler } from './replica-server-connection.ts';
import { ReplicaHosts } from './replica-server-hosts.ts';
import { SpaceWatch } from './replica-server-space.ts';
import { serveTarget } from './replica-server-target.ts';

export interface ReplicaServerOptions {
  readonly pool: Pool;
  readonly poolKey: Uint8Array;
  /** HOST:PORT (0: any) or unix:PATH. */
  readonly replication: string;
  readonly copy: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Absent: without TLS. */
  readonly tls?: LinkTls | undefined;
  /** Where peers that were refused are counted; absent: nowhere that is looked at. */
  readonly refusals?: Refusals | undefined;
  /** For tests; the defaults are the rules' numbers. */
  readonly timing?: Partial<Timing> | undefined;
  /** For tests: what another release would say. */
  readonly speaks?: Speaks | undefined;
}

export interface ServedReplica {
  readonly volume: string;
  readonly replicaId: string;
  readonly guid: string;
  readonly state: ReplicaState;
  readonly last: number;
  readonly durable: number;
  /** Promised. */
  readonly epoch: number;
  readonly message: string;
  /** Given back by other replicas, in this process. */
  readonly repairedBlocks: number;
}

export interface ReplicaServer {
  /** As bound. */
  readonly replicationAddress: string;
  readonly copyAddress: string;
  replicas(): readonly ServedReplica[];
  /** Told of changes of state, not of counters; the answer ends it. */
  onChange(listener: () => void): () => void;
  /** Bids of other target processes of this volume wait for so long (R10). Answers whether there is a replica of it. */
  hintTarget(volume: string, instance: string, lifetimeMs: number): boolean;
  /** To be called before the volume is destroyed: its links end and nothing here uses the store any more. */
  forget(guid: string): Promise<void>;
  /** Orderly, at most 10 s: leaves the targets, makes everything durable. The pool may be closed afterwards. */
  stop(): Promise<void>;
  /** Ends all connections at once and makes nothing durable: what a crash does, for tests. */
  kill(): Promise<void>;
}

const tickMs = 50;
/** While no replica is being rebuilt, and none leaves: nothing is due in less time. */
const calmTickMs = 250;
/** While none has anything that is not durable, or is not noted: there is only the room of the pool to be looked at. */
const restTickMs = 2_000;
const stopMsMax = 10_000;
/** Copies into this pool that are under way at once, of all its volumes. */
const copiesMax = 4;

/** Rejects with the system's error when an address can not be listened on. */
export async function serveReplicas(options: ReplicaServerOptions): Promise<ReplicaServer> {
  const server = new Replicas(options);
  await server.listen();
  return server;
}

class Replicas implements ReplicaServer {
  replicationAddress = '';
  copyAddress = '';
  readonly #o: ReplicaServerOptions;
  readonly #timing: Timing;
  readonly #refusals: Refusals;
  readonly #hosts: ReplicaHosts;
  readonly #space: SpaceWatch;
  readonly #listeners = new Set<() => void>();
  readonly #peers = new Set<Peer>();
  readonly #servers: Server[] = [];
  #cancelTick: () => void = () => undefined;
  #isResting = false;
  #stopping = false;

  constructor(options: ReplicaServerOptions) {
    this.#o = options;
    this.#refusals = options.refusals ?? new Refusals();
    this.#timing = { ...defaultTiming, ...options.timing };
    this.#space = new SpaceWatch(options.pool);
    const { clock, log, tls, speaks } = options;
    this.#hosts = new ReplicaHosts({
      clock,
      log,
      tls,
      speaks,
      startedAtMs: clock.nowMs(),
      timing: this.#timing,
      onChange: () => this.#changed(),
      onWork: (of, takenBytes) => {
        if (takenBytes > 0) this.#space.took(takenBytes, clock.nowMs(), () => this.#hosts.all());
        if (this.#isResting && !of.isAtRest) this.#tickLater();
      },
      turns: new Turns(copiesMax),
      refusals: this.#refusals,
    });
    for (const store of options.pool.volumes()) this.#hosts.of(store);
    this.#tick();
  }

  async listen(): Promise<void> {
    this.replicationAddress = await this.#listen(this.#o.replication, {
      keyFor: (subject) => linkKey(this.#o.poolKey, subject.volume, subject.replicaId),
      admit: (subject) => this.#admit(subject, 'target'),
      open: (peer) => this.#open(peer, serveTarget(peer, this.#hosts.admitted(peer.subject))),
    });
    this.copyAddress = await this.#listen(this.#o.copy, {
      keyFor: (subject) => this.#copyKey(subject),
      admit: (subject) => this.#admit(subject, 'copier'),
      open: (peer) => this.#open(peer, serveCopies(peer, this.#hosts.admitted(peer.subject), this.#refusals)),
    });
  }

  replicas(): readonly ServedReplica[] {
    return this.#o.pool.volumes().map((store) => {
      const { guid } = store.identity;
      const host = this.#hosts.of(store);
      const { last, durable } = store;
      return {
        ...store.identity,
        state: host?.state ?? 'Offline',
        last,
        durable,
        epoch: host?.epoch ?? 0,
        repairedBlocks: host?.repairedBlocks ?? 0,
        message: host?.offlineBecause ?? this.#hosts.whyNone(guid) ?? '',
      };
    });
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  hintTarget(volume: string, instance: string, lifetimeMs: number): boolean {
    const hosts = this.#hosts.all().filter(({ store }) => store.identity.volume === volume);
    for (const host of hosts) host.hintTarget(instance, lifetimeMs);
    return hosts.length > 0;
  }

  async forget(guid: string): Promise<void> {
    const host = this.#hosts.forget(guid);
    host?.abandon('this replica is being deleted');
    // What the store was asked is answered before it goes.
    await host?.store.commit();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#tickLater();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = this.#o.clock.after(stopMsMax, resolve);
    await Promise.race([Promise.all(this.#hosts.all().map((host) => host.stop())), late]);
    cancel();
    await this.kill();
  }

  async kill(): Promise<void> {
    this.#stopping = true;
    this.#isResting = false;
    this.#cancelTick();
    for (const host of this.#hosts.all()) host.abandon('this pool stops');
    for (const peer of this.#peers) peer.close();
    await Promise.all(this.#servers.map((server) => closed(server)));
  }

  async #listen(address: string, options: Pick<AcceptOptions, 'keyFor' | 'admit' | 'open'>): Promise<string> {
    const { clock, tls, speaks } = this.#o;
    const server = createServer({ noDelay: true, pauseOnConnect: true });
    acceptPeers(server, {
      ...options,
      clock,
      tls,
      speaks,
      timing: this.#timing,
      refusals: this.#refusals,
    });
    this.#servers.push(server);
    return formatEndpoint(await listenOn(server, parseEndpoint(address)));
  }

  #copyKey(subject: Subject): Uint8Array {
    const link = linkKey(this.#o.poolKey, subject.volume, subject.replicaId);
    // A target has no ticket: a key that nobody holds.
    if (subject.role !== 'copier') return copyKey(link, 0, '', '');
    return copyKey(link, subject.epoch, String(subject.nonce), subject.copierGuid);
  }

  #admit(subject: Subject, role: Subject['role']): Admission {
    const { volume, replicaId } = subject;
    const store = this.#o.pool
      .volumes()
      .find(({ identity }) => identity.volume === volume && identity.replicaId === replicaId);
    if (this.#stopping) return { ok: false, message: 'this pool is stopping' };
    if (!store || subject.role !== role)
      return { ok: false, message: `no replica ${replicaId} of ${volume} here` };
    const host = this.#hosts.of(store);
    const { guid } = store.identity;
    if (!host)
      return { ok: false, message: this.#hosts.whyNone(guid) ?? `replica ${replicaId} is being deleted` };
    return { ok: true, welcome: { guid, promisedEpoch: host.heardEpoch } };
  }

  /** `handler` until the peer is gone. */
  #open(peer: Peer, handler: PeerHandler): PeerHandler {
    this.#peers.add(peer);
    return {
      ...handler,
      closed: (reason) => {
        this.#peers.delete(peer);
        handler.closed(reason);
      },
    };
  }

  #tick(): void {
    const hosts = this.#hosts.all();
    this.#space.look(this.#o.clock.nowMs(), hosts);
    for (const host of hosts) host.tick();
    this.#tickLater();
  }

  #tickLater(): void {
    const hosts = this.#hosts.all();
    const { clock } = this.#o;
    this.#isResting = !this.#stopping && hosts.every(({ isAtRest }) => isAtRest);
    const isCalm = !this.#stopping && hosts.every(({ state }) => state !== 'Rebuilding');
    const calmMs = this.#isResting ? restTickMs : calmTickMs;
    const afterMs = isCalm ? untilBeatMs(clock.nowMs(), calmMs) : tickMs;
    this.#cancelTick();
    this.#cancelTick = clock.after(afterMs, () => this.#tick());
  }

  #changed(): void {
    if (this.#isResting) this.#tickLater();
    for (const listener of this.#listeners) listener();
  }
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
  });
