/** What `caskade local status` answers, from what the processes say of themselves. */
import { replicaMessage } from '../api/replica-message.ts';
import type { PoolStatusRead } from '../api/proto/caskade/pool/v1/PoolStatus.ts';
import type { TargetStatusRead } from '../api/proto/caskade/target/v1/TargetStatus.ts';

export interface LocalStatus {
  readonly state: 'Healthy' | 'Degraded' | 'Offline' | 'Init';
  readonly epoch: number;
  readonly replicas: readonly {
    readonly name: string;
    readonly state: 'Healthy' | 'Degraded' | 'Rebuilding' | 'Offline';
    /** Of the newest entry it has taken in. */
    readonly number: number;
    readonly rebuild: {
      readonly percent: number;
      readonly bytesPerSecond: number;
      readonly etaSeconds: number;
    } | null;
    /** Unreadable here, and given back by another replica, since its pool was started; absent: none. */
    readonly repairedBlocks?: number;
    /** By which it was compared with its source in its last rebuild under this target; absent: none. */
    readonly proof?: { readonly number: number; readonly root: string };
    /** Groups of blocks that such a comparison found different, and that were copied again; absent: none. */
    readonly mismatches?: number;
    /** Why it is not in sync; of one that has no room it begins with `PoolFull`. Absent: it is, or nobody says why not. */
    readonly message?: string;
  }[];
  /** Why it is not Healthy; absent: it is. */
  readonly message?: string;
}
type Replica = LocalStatus['replicas'][number];

const volumeStates = ['Healthy', 'Degraded', 'Offline', 'Init'] as const;
const replicaStates: Readonly<Record<string, Replica['state']>> = {
  InSync: 'Healthy',
  Attaching: 'Degraded',
  PoolFull: 'Degraded',
  Rebuilding: 'Rebuilding',
  Proving: 'Rebuilding',
  Offline: 'Offline',
};

/**
 * `target` and a pool are undefined when they do not answer. The target knows who is in sync; without it the volume is
 * offline, and each pool still knows how far its replica is.
 */
export function localStatus(
  volume: string,
  pools: readonly { readonly name: string; readonly status: PoolStatusRead | undefined }[],
  target: TargetStatusRead | undefined,
): LocalStatus {
  const stored = pools.map(({ name, status }) => ({
    name,
    replica: status?.replicas.find((replica) => replica.volume === volume),
  }));
  const message = target?.message ?? '';
  return {
    state: target === undefined ? 'Offline' : (volumeStates.find((s) => s === target.phase) ?? 'Init'),
    epoch: target?.epoch ?? Math.max(0, ...stored.map(({ replica }) => replica?.epoch ?? 0)),
    replicas: stored.map(({ name, replica }) => {
      const seen = target?.replicas.find(({ pool }) => pool === name);
      const rebuild = seen?.rebuild;
      const why = whyNot(seen);
      return {
        name,
        state: replicaStates[seen?.state ?? ''] ?? 'Offline',
        number: Math.max(replica?.last ?? 0, seen?.last ?? 0),
        rebuild: rebuild
          ? {
              percent: rebuild.percent,
              bytesPerSecond: rebuild.bytesPerSecond,
              etaSeconds: rebuild.etaSeconds,
            }
          : null,
        ...(replica?.repairedBlocks ? { repairedBlocks: replica.repairedBlocks } : {}),
        ...(seen?.mismatches ? { mismatches: seen.mismatches } : {}),
        ...(seen?.proofRoot ? { proof: { number: seen.proofNumber, root: seen.proofRoot } } : {}),
        ...(why === '' ? {} : { message: why }),
      };
    }),
    ...(message === '' ? {} : { message }),
  };
}

function whyNot(seen: Pick<TargetStatusRead['replicas'][number], 'state' | 'message'> | undefined): string {
  const { state = 'InSync', message = '' } = seen ?? {};
  if (state === 'InSync') return '';
  return replicaMessage({ state, message });
}

/** For people. */
export function statusTable({ state, epoch, replicas, message }: LocalStatus): string {
  const rows = [
    ['REPLICA', 'STATE', 'NUMBER', 'REBUILD', ...(replicas.some((one) => one.message) ? ['WHY'] : [])],
    ...replicas.map(({ name, state: own, number, rebuild, message: why = '' }) => [
      name,
      own,
      String(number),
      rebuild === null
        ? '-'
        : `${rebuild.percent.toFixed(1)} %, ${(rebuild.bytesPerSecond / 2 ** 20).toFixed(1)} MiB/s, ${rebuild.etaSeconds} s left`,
      why,
    ]),
  ];
  const because = message === undefined ? '' : `: ${message}`;
  return [`volume ${state}, epoch ${epoch}${because}`, ...table(rows)].join('\n');
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd((widths[column] ?? 0) + 2))
      .join('')
      .trimEnd(),
  );
}
