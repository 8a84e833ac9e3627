/** The content of each replica of a volume, read from its pool: are they the same, and is what the users wrote in each? */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProtoGrpcType } from '../../src/api/proto/pool.ts';
import { openClient } from '../../src/shared/grpc/client.ts';
import { loadProto } from '../../src/shared/grpc/load.ts';
import { run } from '../shell.ts';
import { until } from '../until.ts';
import { forwarded } from './forward.ts';
import type { Kubectl } from './kubectl.ts';
import { adminTokenOf, namespace, poolPod, poolsOf } from './system.ts';

export interface Dump {
  readonly pool: string;
  readonly file: string;
  /** Number of the last write that is in it. */
  readonly number: number;
  readonly sizeBytes: number;
  /** Of the whole content, holes as zeros. */
  readonly sha256: string;
}

const { service } = loadProto<ProtoGrpcType>('pool.proto').caskade.pool.v1.Pool;

async function dump(
  kubectl: Kubectl,
  pool: string,
  volume: string,
  file: string,
  direct: boolean,
): Promise<Dump> {
  const pod = await poolPod(kubectl, pool);
  const token = await adminTokenOf(kubectl, `${pool}-keys`);
  await using link = direct ? undefined : await forwarded(kubectl, namespace, pod.metadata.name, 7777);
  const client = openClient(service, link?.address ?? `${pod.status.podIP ?? ''}:7777`, { token });
  const output = await open(file, 'w');
  try {
    let number = 0;
    let sizeBytes = 0;
    for await (const chunk of client.stream('ReadReplica', { volume }, { deadlineMs: 120_000 })) {
      number = chunk.number;
      sizeBytes = chunk.sizeBytes;
      await output.write(chunk.data, 0, chunk.data.byteLength, chunk.offset);
    }
    await output.truncate(sizeBytes);
    return { pool, file, number, sizeBytes, sha256: await sha256Of(file) };
  } finally {
    await output.close();
    client.close();
  }
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Dumps all replicas of a volume that nobody writes to, until all are at one number and equal: entries under way may still
 * arrive. Hands the dumps to `use` and removes them. Throws when they stay different.
 */
export async function withEqualReplicas<T>(
  kubectl: Kubectl,
  volume: string,
  direct: boolean,
  use: (dumps: readonly Dump[]) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'caskade-replicas-'));
  try {
    const pools = await poolsOf(kubectl, volume);
    const dumps = await until(`the replicas of ${volume} are equal`, 60_000, async () => {
      const all: Dump[] = [];
      for (const pool of pools) all.push(await dump(kubectl, pool, volume, join(folder, pool), direct));
      const same = new Set(all.map((one) => `${one.number} ${one.sizeBytes} ${one.sha256}`)).size === 1;
      return same && all.length > 0
        ? all
        : all.map((one) => `${one.pool}: number ${one.number}, sha256 ${one.sha256}`).join('; ');
    });
    return await use(dumps);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Mounts a dump read-only and hands the mount point to `use`. Needs root. */
export async function mounted<T>(file: string, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'caskade-mount-'));
  await run(['mount', '-o', 'ro,loop', file, directory]);
  try {
    return await use(directory);
  } finally {
    await run(['umount', directory]);
    await rm(directory, { recursive: true });
  }
}
