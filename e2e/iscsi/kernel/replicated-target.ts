/** `caskade local` with three replicas: a target that can be killed, restarted, grown and moved to another portal. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtoGrpcType as PoolProto } from '../../../src/api/proto/pool.ts';
import { openClient } from '../../../src/shared/grpc/client.ts';
import { loadProto } from '../../../src/shared/grpc/load.ts';
import {
  gone,
  healthy,
  identical,
  restart,
  startLocal,
  targetClient,
  token,
  type FirstLine,
  type Served,
} from '../../local/local-volume.ts';

const { Pool } = loadProto<PoolProto>('pool.proto').caskade.pool.v1;
const deadlineMs = 20_000;

export class ReplicatedTarget {
  readonly #folder: string;
  #served: Served<FirstLine>;
  #targetPid: number;
  port: number;

  private constructor(folder: string, served: Served<FirstLine>, port: number) {
    this.#folder = folder;
    this.#served = served;
    this.#targetPid = served.line.pids.target;
    this.port = port;
  }

  static async start(folder: string, name: string, port: number): Promise<ReplicatedTarget> {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    const listen = `127.0.0.1:${port}`;
    return new ReplicatedTarget(own, await startLocal(own, { size: '320M', listen }), port);
  }

  get iqn(): string {
    return this.#served.line.iqn;
  }
  get #dir(): string {
    return join(this.#folder, 'd');
  }

  /** It ends by `signal`; then a new process on the same portal. */
  async restartTarget(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    process.kill(this.#targetPid, signal);
    await gone([this.#targetPid], 20_000);
    this.#targetPid = await restart(this.#dir, 'target');
  }

  /** All of it dies; its data is served at another portal. */
  async moveTo(port: number): Promise<void> {
    await this.#served.kill();
    // Its children end within two seconds of it.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    this.#served = await startLocal(this.#folder, { size: '320M', listen: `127.0.0.1:${port}` });
    this.#targetPid = this.#served.line.pids.target;
    this.port = port;
  }

  async grow(sizeBytes: number): Promise<void> {
    const client = targetClient(this.#dir, this.#served.line);
    try {
      await client.call('Resize', { sizeBytes }, { deadlineMs });
    } finally {
      client.close();
    }
  }

  /** Of the pool that has most. */
  async usedBytes(): Promise<number> {
    const used = await Promise.all(
      Object.keys(this.#served.line.pids.pools).map(async (name) => {
        const client = openClient(Pool.service, `unix:${this.#served.line.admin[name] ?? ''}`, {
          token: token(this.#dir, name),
        });
        try {
          return Number((await client.call('GetStatus', {}, { deadlineMs })).usedBytes);
        } finally {
          client.close();
        }
      }),
    );
    return Math.max(...used);
  }

  /** Waits until all replicas are in sync and compares them, byte by byte. */
  async compare(): Promise<void> {
    await healthy(this.#dir);
    await identical(this.#dir);
  }

  async stop(): Promise<void> {
    await this.#served.stop();
  }
}
