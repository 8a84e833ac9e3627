/** A target without initiators: the real protocol, and a volume that is healthy as long as its pools serve. */
import type { TargetHandlers } from '../../src/api/proto/caskade/target/v1/Target.ts';
import type { ReplicaStatus } from '../../src/api/proto/caskade/target/v1/ReplicaStatus.ts';
import type { TargetStatus } from '../../src/api/proto/caskade/target/v1/TargetStatus.ts';
import type { MembershipRecord, TargetConfig } from '../../src/api/target-config.ts';
import { targetService } from '../../src/reconcilers/data-plane/services.ts';
import { serverStream, unary } from '../../src/shared/grpc/handlers.ts';
import { serveGrpc, type GrpcServer } from '../../src/shared/grpc/serve.ts';
import { silentLog } from '../../src/shared/log.ts';

export type Troubles = Map<string, Pick<ReplicaStatus, 'state' | 'message' | 'mismatches'>>;

export class FakeTarget {
  config: TargetConfig;
  /** The record in force. Its file may be older. */
  current: MembershipRecord;
  /** Every record that was in force, oldest first: the names of its pools. */
  readonly history: string[] = [];
  /** Newcomers are not filled before this is false. */
  held = false;
  initiators: readonly string[] = [];
  unflushedWritesLostEpoch = 0;
  /** What is wrong with the replica on a pool, by its name; it is not in sync then, unless `state` says so. */
  readonly troubles: Troubles;
  /** Answers whether a pool serves. */
  readonly #serves: (pool: string) => boolean;
  #server: GrpcServer | undefined;
  #listeners = new Set<() => void>();
  #number = 1;

  constructor(config: TargetConfig, serves: (pool: string) => boolean, troubles: Troubles) {
    this.config = config;
    this.current = config.membership;
    this.#serves = serves;
    this.troubles = troubles;
    this.#remember();
  }

  /** Its file, as it is now. A change is made once whoever is new can be filled. */
  configure(config: TargetConfig): void {
    const before = JSON.stringify([this.config, this.current]);
    this.config = config;
    const next = config.nextMembership ?? config.membership;
    const served = Object.keys(next.members).every((id) => this.#serves(config.replicas[id]?.pool ?? ''));
    if (next.version > this.current.version && served && !this.held) {
      this.current = next;
      this.#remember();
    }
    if (JSON.stringify([this.config, this.current]) !== before) this.tick();
  }
  #remember(): void {
    const { members, version } = this.current;
    const pools = Object.keys(members).map((id) => this.config.replicas[id]?.pool ?? '?');
    this.history.push(`${version}: ${pools.toSorted().join(' ')}`);
  }

  async start(listen: string, token: string): Promise<void> {
    this.#server = await serveGrpc({
      listen,
      token,
      add: (server) => server.addService(targetService, { ...this.#handlers() }),
    });
  }
  async stop(): Promise<void> {
    await this.#server?.stop(0);
    this.#server = undefined;
  }
  /** Something changed, or only a counter. */
  tick(): void {
    this.#number++;
    for (const listener of this.#listeners) listener();
  }

  #status(): TargetStatus {
    const { volume, sizeBytes, replicas, nextMembership } = this.config;
    const next = nextMembership !== undefined && nextMembership.version > this.current.version;
    const counted = this.current.members;
    const linked = { ...counted, ...(next ? nextMembership.members : {}) };
    const members = Object.entries(linked).map(([replicaId, guid]) => {
      const pool = replicas[replicaId]?.pool ?? '';
      const serving = counted[replicaId] === undefined ? 'Rebuilding' : 'InSync';
      return {
        replicaId,
        guid,
        pool,
        state: this.#serves(pool) ? serving : 'Offline',
        last: this.#number,
        durable: this.#number,
        upSeconds: this.#number,
        ...this.troubles.get(pool),
      };
    });
    const inSync = members.filter(({ state }) => state === 'InSync').length;
    const count = Object.keys(counted).length;
    const quorum = Math.floor(count / 2) + 1;
    return {
      volume,
      phase: inSync === count ? 'Healthy' : inSync >= quorum ? 'Degraded' : 'Offline',
      message: inSync === count ? '' : `${count - inSync} replicas are away`,
      epoch: 1,
      last: this.#number,
      flushed: this.#number,
      sizeBytes,
      replicas: members,
      initiators: [...this.initiators],
      unflushedWritesLostEpoch: this.unflushedWritesLostEpoch,
      membershipVersion: this.current.version,
      membershipNext: next ? nextMembership.version : 0,
      membershipSettled: true,
      version: 'fake',
    };
  }

  #handlers(): TargetHandlers {
    return {
      GetStatus: unary(silentLog, () => Promise.resolve(this.#status())),
      WatchStatus: serverStream(silentLog, async (_request, out) => {
        while (!out.signal.aborted) {
          await out.write(this.#status());
          await new Promise<void>((resolve) => {
            const wake = () => {
              this.#listeners.delete(wake);
              resolve();
            };
            this.#listeners.add(wake);
            out.signal.addEventListener('abort', wake, { once: true });
          });
        }
      }),
      SetInitiators: unary(silentLog, async ({ iqns }) => {
        await Promise.resolve();
        this.initiators = iqns;
        this.tick();
        return {};
      }),
      Scrub: unary(silentLog, () => Promise.resolve({})),
      CreateSnapshot: unary(silentLog, () => Promise.resolve({})),
      DeleteSnapshot: unary(silentLog, () => Promise.resolve({})),
      ListSnapshots: unary(silentLog, () => Promise.resolve({})),
      RevertToSnapshot: unary(silentLog, () => Promise.resolve({})),
      Resize: unary(silentLog, () => Promise.resolve({})),
    };
  }
}
