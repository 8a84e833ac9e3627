/** `caskade local` with three replicas: a target that can be killed, restarted, grown and moved to another portal. */
import { snapshot, succeeds } from '../../local/snapshots.ts';
import { mkdirSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InitiatorSessionRead } from '../../../src/api/proto/caskade/target/v1/InitiatorSession.ts';
import type { ProtoGrpcType as PoolProto } from '../../../src/api/proto/pool.ts';
import type { TargetConfig } from '../../../src/api/target-config.ts';
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
  readonly #size: string;
  #served: Served<FirstLine>;
  #targetPid: number;
  port: number;

  private constructor(folder: string, size: string, served: Served<FirstLine>, port: number) {
    this.#folder = folder;
    this.#size = size;
    this.#served = served;
    this.#targetPid = served.line.pids.target;
    this.port = port;
  }

  /** Its pools are twice as large. */
  static async start(folder: string, name: string, port: number, size = '320M'): Promise<ReplicatedTarget> {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    const listen = `127.0.0.1:${port}`;
    return new ReplicatedTarget(own, size, await startLocal(own, { size, listen }), port);
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
    this.#served = await startLocal(this.#folder, { size: this.#size, listen: `127.0.0.1:${port}` });
    this.#targetPid = this.#served.line.pids.target;
    this.port = port;
  }

  async grow(sizeBytes: number): Promise<void> {
    await this.#ask((client) => client.call('Resize', { sizeBytes }, { deadlineMs }));
  }

  /** What is there now stays in the pools, whatever is written over it. */
  async takeSnapshot(name: string): Promise<void> {
    await succeeds(snapshot(this.#dir, 'create', name));
  }

  /** From now on a new process serves those alone. */
  async grantOnly(iqns: readonly string[]): Promise<void> {
    const file = join(this.#dir, 'config', 'target.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as TargetConfig;
    await writeFile(`${file}.new`, JSON.stringify({ ...config, initiators: 'granted' }));
    await rename(`${file}.new`, file);
    await this.restartTarget();
    await healthy(this.#dir);
    await this.grant(iqns);
  }

  /** Other initiators are cut. */
  async grant(iqns: readonly string[]): Promise<void> {
    await this.#ask((client) => client.call('SetInitiators', { iqns: [...iqns] }, { deadlineMs }));
  }

  async sessions(): Promise<readonly InitiatorSessionRead[]> {
    return (await this.#ask((client) => client.call('GetStatus', {}, { deadlineMs }))).initiatorSessions;
  }

  get poolPids(): readonly number[] {
    return Object.values(this.#served.line.pids.pools);
  }

  log(): string {
    return this.#served.log();
  }

  async #ask<T>(call: (client: ReturnType<typeof targetClient>) => Promise<T>): Promise<T> {
    const client = targetClient(this.#dir, this.#served.line);
    try {
      return await call(client);
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
