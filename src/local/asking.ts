/** Questions to the processes of a local volume that may be dead. */
import type { PoolStatusRead } from '../api/proto/caskade/pool/v1/PoolStatus.ts';
import type { TargetStatusRead } from '../api/proto/caskade/target/v1/TargetStatus.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import { localLimits } from './options.ts';
import { poolClient, targetClient, type Places } from './processes.ts';

const deadline = { deadlineMs: localLimits.askMs };

/** Undefined: it does not answer. */
async function answerOf<T>(client: { close(): void }, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  } finally {
    client.close();
  }
}

export function targetStatus(places: Places): Promise<TargetStatusRead | undefined> {
  const client = targetClient(places);
  return answerOf(client, client.call('GetStatus', {}, deadline));
}

export function poolStatus(places: Places, pool: string): Promise<PoolStatusRead | undefined> {
  const client = poolClient(places, pool);
  return answerOf(client, client.call('GetStatus', {}, deadline));
}
