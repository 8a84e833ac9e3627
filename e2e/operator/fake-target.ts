/** A target without initiators: the real protocol, and a volume that is healthy as long as its pools serve. */
import type { TargetHandlers } from '../../src/api/proto/caskade/target/v1/Target.ts';
import type { TargetStatus } from '../../src/api/proto/caskade/target/v1/TargetStatus.ts';
import type { TargetConfig } from '../../src/api/target-config.ts';
import { targetService } from '../../src/reconcilers/data-plane/services.ts';
import { serverStream, unary } from '../../src/shared/grpc/handlers.ts';
import { serveGrpc, type GrpcServer } from '../../src/shared/grpc/serve.ts';
import { silentLog } from '../../src/shared/log.ts';

export class FakeTarget {
  readonly config: TargetConfig;
  initiators: readonly string[] = [];
  unflushedWritesLostEpoch = 0;
  /** Answers whether a pool serves. */
  readonly #serves: (pool: string) => boolean;
  #server: GrpcServer | undefined;
  #listeners = new Set<() => void>();
  #number = 1;

  constructor(config: TargetConfig, serves: (pool: string) => boolean) {
    this.config = config;
    this.#serves = serves;
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
    const { volume, sizeBytes, membership, replicas } = this.config;
    const members = Object.entries(membership.members).map(([replicaId, guid]) => {
      const pool = replicas[replicaId]?.pool ?? '';
      return {
        replicaId,
        guid,
        pool,
        state: this.#serves(pool) ? 'InSync' : 'Offline',
        last: this.#number,
        durable: this.#number,
        upSeconds: this.#number,
      };
    });
    const inSync = members.filter(({ state }) => state === 'InSync').length;
    const quorum = Math.floor(members.length / 2) + 1;
    return {
      volume,
      phase: inSync === members.length ? 'Healthy' : inSync >= quorum ? 'Degraded' : 'Offline',
      message: inSync === members.length ? '' : `${members.length - inSync} replicas are away`,
      epoch: 1,
      last: this.#number,
      flushed: this.#number,
      sizeBytes,
      replicas: members,
      initiators: [...this.initiators],
      unflushedWritesLostEpoch: this.unflushedWritesLostEpoch,
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
      Resize: unary(silentLog, () => Promise.resolve({})),
    };
  }
}
