/** A volume over real sockets: memory pools, replica servers and a target in one process. */
import type { MembershipRecord } from '../api/target-config.ts';
import type { MembersChange } from '../target/member-places.ts';
import { openReplicatedVolume, type ReplicatedVolume } from '../target/replicated-volume.ts';
import { serveReplicas, type ReplicaServer } from '../pool-manager/replica-server.ts';
import type { Speaks } from '../replication/handshake.ts';
import { Refusals } from '../replication/refusals.ts';
import type { Timing } from '../replication/timing.ts';
import { must } from '../shared/assert.ts';
import { systemClock } from '../shared/edge/system-clock.ts';
import type { LinkTls } from '../shared/edge/link-tls.ts';
import { linkKey } from '../shared/keys.ts';
import { silentLog, type Log } from '../shared/log.ts';
import { memoryPool, type MemoryPool } from './memory-pool.ts';

export interface RigOptions {
  readonly replicas: number;
  readonly sizeBytes: number;
  /** The first of two ports per replica. */
  readonly port: number;
  readonly timing?: Partial<Timing>;
  readonly log?: Log;
  /** Of the pools, until they are started with another; of targets unless they have another. */
  readonly tls?: LinkTls;
  /** Of each pool's device, by index; absent: 64 MiB. */
  readonly deviceBytes?: readonly (number | undefined)[];
  /** What the release of a replica's pool says, by index; absent: what this one says. */
  readonly speaks?: readonly (Speaks | undefined)[];
}

interface Seat {
  readonly id: string;
  readonly key: Uint8Array;
  memory: MemoryPool;
  server: ReplicaServer | undefined;
  guid: string;
  tls: LinkTls | 'none' | undefined;
  readonly refusals: Refusals;
}

const usualVolume = 'pvc-1';

export class ReplicaRig {
  readonly #o: RigOptions;
  readonly #seats: Seat[] = [];
  readonly #targets: ReplicatedVolume[] = [];

  static async start(options: RigOptions): Promise<ReplicaRig> {
    const rig = new ReplicaRig(options);
    for (let i = 0; i < options.replicas; i++) await rig.#seat(i);
    return rig;
  }

  private constructor(options: RigOptions) {
    this.#o = options;
  }

  /** `members`: a record of its own; all replicas that there are, version 1, unless given. */
  target(
    options: {
      readonly wrongKeys?: boolean;
      /** Its name among targets. */
      readonly instance?: string;
      /** What its release says. */
      readonly speaks?: Speaks;
      readonly members?: MembershipRecord;
      /** `none`: it speaks without TLS to pools that want it. */
      readonly tls?: LinkTls | 'none';
      /** Ports at which it finds the pools. */
      readonly port?: number;
      /** Of `addVolume`, with `members`. */
      readonly volume?: string;
    } = {},
  ): ReplicatedVolume {
    const { volume = usualVolume } = options;
    const volumeOfKeys = options.wrongKeys === true ? 'another' : volume;
    const { log = silentLog, timing } = this.#o;
    const tls = options.tls ?? this.#o.tls;
    const replicas = this.#seats.map(({ id }, i) => [
      id,
      {
        pool: `pool-${i + 1}`,
        replication: this.#address(i, 0, options.port),
        copy: this.#address(i, 1, options.port),
      },
    ]);
    const target = openReplicatedVolume({
      tls: tls === 'none' ? undefined : tls,
      volume,
      instance: options.instance,
      speaks: options.speaks,
      membership: options.members ?? this.record(1, ...this.#seats.keys()),
      replicas: Object.fromEntries(replicas),
      linkKeys: new Map(this.#seats.map(({ id, key }) => [id, linkKey(key, volumeOfKeys, id)])),
      clock: systemClock,
      log: log.with({ role: 'target' }),
      timing,
    });
    this.#targets.push(target);
    return target;
  }

  /**
   * What `look` answers as soon as that is not undefined or false; it is asked every 5 ms, for 30 s. Rejects with what its
   * targets say.
   */
  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    for (let i = 0; i < 6_000; i++) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`never: ${what} ${JSON.stringify(this.#targets.map((target) => target.status()))}`);
  }

  /** A membership record of these replicas. */
  record(version: number, ...indexes: number[]): MembershipRecord {
    const seats = indexes.map((index) => this.#at(index));
    return { version, members: Object.fromEntries(seats.map(({ id, guid }) => [id, guid])) };
  }

  /** One more volume with an empty replica in each of these pools. Answers a record of them, version 1. */
  async addVolume(volume: string, ...indexes: number[]): Promise<MembershipRecord> {
    const members: Record<string, string> = {};
    for (const index of indexes) {
      const seat = this.#at(index);
      members[seat.id] = await this.#create(seat, volume);
    }
    return { version: 1, members };
  }

  /** One more replica, of which no target knows. Answers its index. */
  async add(): Promise<number> {
    await this.#seat(this.#seats.length);
    return this.#seats.length - 1;
  }

  /** What a target is told when the members are to be others. */
  change(
    membership: MembershipRecord,
    nextMembership: MembershipRecord,
    volume = usualVolume,
  ): MembersChange {
    const replicas = this.#seats.map(({ id }, i) => [
      id,
      { pool: `pool-${i + 1}`, replication: this.#address(i, 0), copy: this.#address(i, 1) },
    ]);
    const linkKeys = new Map(this.#seats.map(({ id, key }) => [id, linkKey(key, volume, id)]));
    return {
      membership,
      nextMembership,
      replicas: Object.fromEntries(replicas) as MembersChange['replicas'],
      linkKeys,
    };
  }

  /** Makes the members others, as an operator does: the configuration follows when the target has settled it. */
  async settleChange(
    target: ReplicatedVolume,
    before: MembershipRecord,
    after: MembershipRecord,
  ): Promise<void> {
    const change = this.change(before, after);
    target.setMembers(change);
    await this.until(`members of version ${after.version}`, () => {
      const { version, settled } = target.status().membership;
      return version === after.version && settled;
    });
    target.setMembers({ ...change, membership: after, nextMembership: undefined });
  }

  server(index: number): ReplicaServer {
    return must(this.#at(index).server, `server of replica ${index}`);
  }

  id(index: number): string {
    return this.#at(index).id;
  }

  /** Of its pool. */
  key(index: number): Uint8Array {
    return this.#at(index).key;
  }

  /** The pool of this replica, for what other volumes do in it. */
  pool(index: number) {
    return this.#at(index).memory.pool;
  }

  /** Peers that this replica's pool has refused. */
  refusals(index: number): Readonly<Record<string, number>> {
    return this.#at(index).refusals.counts();
  }

  /** `volume`: of `addVolume`. */
  store(index: number, volume = usualVolume) {
    const { memory, id } = this.#at(index);
    const stores = memory.pool.volumes();
    const of = stores.find(({ identity }) => identity.volume === volume && identity.replicaId === id);
    return must(of, `store of replica ${index}`);
  }

  /** The process is killed and its node loses power: what was not flushed is gone. */
  async crash(index: number): Promise<void> {
    const seat = this.#at(index);
    const { server } = seat;
    seat.server = undefined;
    // The pool dies first: nothing that the server still does reaches the devices.
    seat.memory = await seat.memory.crash();
    await server?.kill();
  }

  /** Bits of its devices turn over wherever this block lies as it is; answers at how many places. */
  damage(index: number, block: Uint8Array): number {
    let places = 0;
    for (const device of this.#at(index).memory.devices)
      for (const [unit, bytes] of device.image()) {
        if (Buffer.compare(bytes, block) !== 0) continue;
        device.flipBit(unit * block.byteLength);
        places += 1;
      }
    return places;
  }

  async stop(index: number): Promise<void> {
    const seat = this.#at(index);
    await seat.server?.stop();
    seat.server = undefined;
  }

  /** `tls`: of its pool from now on. */
  async start(index: number, tls: LinkTls | 'none' | undefined = this.#at(index).tls): Promise<void> {
    const seat = this.#at(index);
    seat.tls = tls;
    seat.server = await serveReplicas({
      pool: seat.memory.pool,
      poolKey: seat.key,
      replication: this.#address(index, 0),
      copy: this.#address(index, 1),
      clock: systemClock,
      log: (this.#o.log ?? silentLog).with({ pool: `pool-${index + 1}` }),
      refusals: seat.refusals,
      tls: tls === 'none' ? undefined : tls,
      speaks: this.#o.speaks?.[index],
      timing: this.#o.timing,
    });
  }

  /** Another replica under the same id, without content: its GUID is new. */
  async replaceWithBlank(index: number): Promise<void> {
    const seat = this.#at(index);
    await this.stop(index);
    seat.memory = await memoryPool({ seed: 100 + index });
    await this.#create(seat);
    await this.start(index);
  }

  /** Stops its targets, then its pools. */
  async end(): Promise<void> {
    for (const target of this.#targets) await target.stop();
    for (let i = 0; i < this.#seats.length; i++) await this.stop(i);
  }

  async #seat(index: number): Promise<void> {
    const deviceBytes = this.#o.deviceBytes?.[index];
    const memory = await memoryPool({
      seed: index + 1,
      ...(deviceBytes === undefined ? {} : { deviceBytes }),
    });
    const seat: Seat = {
      id: `r${index + 1}`,
      key: new Uint8Array(32).fill(index + 1),
      memory,
      server: undefined,
      refusals: new Refusals(),
      tls: this.#o.tls,
      guid: '',
    };
    this.#seats.push(seat);
    seat.guid = await this.#create(seat);
    await this.start(index);
  }

  async #create(seat: Seat, volume = usualVolume): Promise<string> {
    const { sizeBytes } = this.#o;
    const store = await seat.memory.pool.createVolume({ volume, replicaId: seat.id, sizeBytes });
    return store.identity.guid;
  }

  #at(index: number): Seat {
    return must(this.#seats[index], `replica ${index}`);
  }

  #address(index: number, offset: number, port = this.#o.port): string {
    return `127.0.0.1:${port + index * 2 + offset}`;
  }
}
