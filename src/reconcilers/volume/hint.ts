/**
 * The hint of R10: while more than one pod of a target may live, the pools are told which of them is meant to serve, so that
 * two do not take each other's promises away again and again. A node that can not be reached leaves such pairs behind: its pod
 * is terminating and runs, and another one was made. What a pool was told it forgets by itself, soon: a target that comes
 * while nobody can tell of it, because the operator is away, hardly waits.
 */
import { labels } from '../../api/names.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import { podsOf } from '../pods.ts';
import type { World } from '../world.ts';

/** Told again well within the time for which it is remembered. */
export const hintAgainMs = 5_000;
const hintSeconds = 15;

interface PodSeen {
  readonly name: string;
  readonly createdAt: string;
  readonly leaving: boolean;
}

/** The newest that is not leaving; undefined: there are no two, and nothing is said. */
export function meantToServe(pods: readonly PodSeen[]): string | undefined {
  if (pods.length < 2) return undefined;
  const staying = pods.filter(({ leaving }) => !leaving);
  return staying.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0]?.name;
}

/** Answers whether there is somebody to tell of, and so to tell of again. */
export async function hintTarget(world: World, volume: string): Promise<boolean> {
  const pods = podsOf(world, labels.persistentVolume, volume).filter(
    ({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
  );
  const instance = meantToServe(
    pods.map(({ metadata }) => ({
      name: metadata.name,
      createdAt: metadata.creationTimestamp ?? '',
      leaving: metadata.deletionTimestamp !== undefined,
    })),
  );
  if (instance === undefined) return false;
  const replicas = world.informers.replicas.store.byLabel(labels.persistentVolume, volume);
  const pools = new Set(replicas.map(({ metadata }) => metadata.labels?.[labels.poolInstanceName] ?? ''));
  await Promise.all([...pools].map((pool) => tell(world, pool, volume, instance)));
  return true;
}

/** One that does not answer, or is of a release that knows no hints, goes without: it is told again, or needs none. */
async function tell({ pools, log }: World, pool: string, volume: string, instance: string): Promise<void> {
  const hint = { volume, instance, seconds: hintSeconds };
  try {
    await pools.client(pool)?.call('HintTarget', hint, { deadlineMs: hintAgainMs });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    log.debug('a pool was not told of the target', { pool, volume, error: error.message });
  }
}
