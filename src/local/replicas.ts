/** The content of each replica, read whole from its pool: to compare them, or to keep one. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ChunkRead } from '../api/proto/caskade/pool/v1/Chunk.ts';
import { poolNames, type LocalState } from './home.ts';
import { askingOf, poolClient, type Places } from './processes.ts';
import { table } from './status.ts';

export interface ReplicaDigest {
  readonly name: string;
  /** Of the entry whose content this is. */
  readonly number: number;
  readonly sizeBytes: number;
  /** Hexadecimal, of the whole content, holes as zeros. */
  readonly sha256: string;
}

export interface Comparison {
  readonly volume: string;
  /** All of one content. */
  readonly equal: boolean;
  readonly replicas: readonly ReplicaDigest[];
}

/** What is read: a volume, as it is now or as of a snapshot. */
interface Content {
  readonly volume: string;
  readonly snapshot: string | undefined;
}

const zeros = Buffer.alloc(1 << 20);
/** Nothing of a stream for this long: the pool hangs. */
const streamMs = 600_000;

/** Rejects with CommandError when a pool does not answer. */
export async function compareReplicas(
  places: Places,
  state: LocalState,
  snapshot: string | undefined,
): Promise<Comparison> {
  const of = { volume: state.volume, snapshot };
  const replicas = await Promise.all(poolNames(state).map((pool) => digestOf(places, of, pool)));
  return {
    volume: state.volume,
    equal: new Set(replicas.map(({ sha256 }) => sha256)).size === 1,
    replicas,
  };
}

async function digestOf(places: Places, of: Content, pool: string): Promise<ReplicaDigest> {
  const hash = createHash('sha256');
  let at = 0;
  const skipTo = (offset: number) => {
    for (; at < offset; at += Math.min(zeros.length, offset - at))
      hash.update(zeros.subarray(0, Math.min(zeros.length, offset - at)));
  };
  const { sizeBytes, number } = await readChunks(places, of, pool, ({ offset, data }) => {
    skipTo(offset);
    hash.update(data);
    at += data.length;
    return Promise.resolve();
  });
  skipTo(sizeBytes);
  return { name: pool, number, sizeBytes, sha256: hash.digest('hex') };
}

/** Writes the replica to `file`, holes as holes. Answers its size and number. */
export async function saveReplica(
  places: Places,
  of: Content,
  pool: string,
  file: string,
): Promise<{ readonly sizeBytes: number; readonly number: number }> {
  await using out = await open(file, 'w', 0o600);
  const read = await readChunks(places, of, pool, async ({ offset, data }) => {
    if (data.length > 0) await out.write(data, 0, data.length, offset);
  });
  await out.truncate(read.sizeBytes);
  return read;
}

async function readChunks(
  places: Places,
  { volume, snapshot = '' }: Content,
  pool: string,
  take: (chunk: ChunkRead) => Promise<void>,
): Promise<{ readonly sizeBytes: number; readonly number: number }> {
  const client = poolClient(places, pool);
  const read = async () => {
    let last = { sizeBytes: 0, number: 0 };
    for await (const chunk of client.stream('ReadReplica', { volume, snapshot }, { deadlineMs: streamMs })) {
      last = { sizeBytes: chunk.sizeBytes, number: chunk.number };
      await take(chunk);
    }
    return last;
  };
  try {
    return await askingOf(pool, read());
  } finally {
    client.close();
  }
}

/** For people. */
export function comparisonTable({ volume, equal, replicas }: Comparison): string {
  const rows = [
    ['REPLICA', 'NUMBER', 'SHA-256'],
    ...replicas.map(({ name, number, sha256 }) => [name, String(number), sha256]),
  ];
  const numbers = new Set(replicas.map(({ number }) => number));
  const verdict = equal
    ? 'all replicas are byte for byte the same'
    : numbers.size > 1
      ? 'replicas differ, but they were read at different numbers: stop writing and try again'
      : 'REPLICAS DIFFER at the same number';
  return [`volume ${volume}: ${verdict}`, ...table(rows)].join('\n');
}
