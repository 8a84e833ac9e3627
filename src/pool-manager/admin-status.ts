/** What a daemon tells of its pool (PoolStatus of proto/pool.proto), and which changes of it are worth telling. */
import type { PoolStatus } from '../api/proto/caskade/pool/v1/PoolStatus.ts';
import { version } from '../shared/edge/version.ts';
import type { ManagedPoolStatus } from './engine/pool.ts';
import type { VolumeStore } from './engine/volume-store.ts';
import type { PoolState } from './pool-state.ts';
import { userSnapshots } from './user-snapshots.ts';

type Open = Extract<PoolState, { mode: 'open' }>;
/** A status as this process makes it: every field that a reader relies on is there. */
export type OwnStatus = PoolStatus & { readonly phase: string };

/** What `daemon` would answer to GetStatus. `paths` names each device's first path. */
export function statusOf(name: string, state: PoolState, paths: ReadonlyMap<string, string>): OwnStatus {
  switch (state.mode) {
    case 'importing':
      return { name, version, phase: 'POOL_PHASE_IMPORTING' };
    case 'closing':
      return { name, version, phase: 'POOL_PHASE_IMPORTING', reason: 'Closing', message: 'being closed' };
    case 'absent':
      return { name, version, phase: 'POOL_PHASE_ABSENT', reason: 'NoPool', message: state.message };
    case 'faulted':
      return {
        name,
        version,
        phase: 'POOL_PHASE_FAULTED',
        reason: state.reason,
        message: state.message,
      };
    case 'open':
      return { name, version, ...openStatus(state, paths) };
  }
}

function openStatus({ pool, server }: Open, paths: ReadonlyMap<string, string>): OwnStatus {
  const status = pool.status();
  const links = new Map(server.replicas().map((replica) => [replica.guid, replica]));
  return {
    guid: status.guid,
    phase: `POOL_PHASE_${status.health}`,
    reason: status.health === 'ONLINE' ? '' : 'DeviceFailed',
    message: status.message,
    totalBytes: status.totalBytes,
    usedBytes: status.usedBytes,
    freeBytes: status.freeBytes,
    logicalUsedBytes: status.logicalUsedBytes,
    readOnly: status.readOnly,
    layout: status.layout,
    dataGroups: status.dataGroups.map((devices) => ({ devices: [...devices] })),
    logGroups: status.logGroups.map((devices) => ({ devices: [...devices] })),
    properties: status.properties,
    growableBytes: status.growableBytes,
    resilvers: status.resilvers.map(({ replaces = '', bytesPerSecond = 0, etaSeconds = 0, ...resilver }) => ({
      ...resilver,
      replaces,
      bytesPerSecond,
      etaSeconds,
    })),
    ...(status.scrub === undefined ? {} : { scrub: scrubOf(status.scrub) }),
    devices: status.devices.map((device) => ({
      name: device.name,
      path: paths.get(device.name) ?? '',
      guid: device.guid,
      online: device.health === 'ONLINE',
      reason: device.reason ?? '',
      checksumErrors: device.checksumErrors,
      ioErrors: device.ioErrors,
    })),
    replicas: pool.volumes().map((store) => replicaOf(store, links.get(store.identity.guid))),
  };
}

/** `link`: what its server knows of it; undefined: it is not served yet. */
function replicaOf(store: VolumeStore, link: ReturnType<Open['server']['replicas']>[number] | undefined) {
  const { volume, replicaId, guid } = store.identity;
  const usage = store.usage();
  return {
    volume,
    replicaId,
    guid,
    sizeBytes: store.sizeBytes,
    allocatedBytes: usage.allocatedBytes,
    logicalBytes: usage.logicalBytes,
    state: link?.state ?? 'Offline',
    last: store.last,
    durable: store.durable,
    epoch: link?.epoch ?? 0,
    description: new TextDecoder().decode(store.annotations),
    snapshots: userSnapshots(store),
    repairedBlocks: link?.repairedBlocks ?? 0,
    ...store.properties,
  };
}

/** Times by the wall, which the engine does not know. */
function scrubOf({
  startedMs,
  finishedMs,
  bytesPerSecond = 0,
  ...scrub
}: NonNullable<ManagedPoolStatus['scrub']>) {
  const zeroMs = Date.now() - performance.now();
  const seconds = (ms: number | undefined) => (ms === undefined ? 0 : Math.round((zeroMs + ms) / 1000));
  return {
    ...scrub,
    bytesPerSecond,
    startedSeconds: seconds(startedMs),
    finishedSeconds: seconds(finishedMs),
  };
}

/** Bytes count in steps of a 64th of the pool: a busy writer changes them all the time. */
export function statusKey(status: OwnStatus): string {
  const step = Math.max(Number(status.totalBytes ?? 0) / 64, 1);
  const {
    usedBytes = 0,
    freeBytes: _free,
    logicalUsedBytes: _logical,
    devices,
    replicas,
    resilvers,
    scrub,
    ...rest
  } = status;
  const tenths = (work: { doneBytes?: unknown; totalBytes?: unknown }) =>
    Math.floor((10 * Number(work.doneBytes ?? 0)) / Math.max(Number(work.totalBytes ?? 0), 1));
  return JSON.stringify([
    rest,
    resilvers?.map((each) => [each.device, each.replaces, tenths(each)]),
    scrub === undefined || scrub === null
      ? 0
      : [scrub.runs, scrub.state, scrub.repairedBlocks, scrub.lostBlocks, tenths(scrub)],
    Math.round(Number(usedBytes) / step),
    devices?.map(({ checksumErrors, ioErrors, ...device }) => [device, checksumErrors, ioErrors]),
    replicas?.map((replica) => replicaKeys.map((key) => replica[key])),
  ]);
}

/** Positions and sizes of a replica change all the time, too. */
const replicaKeys = [
  'volume',
  'replicaId',
  'guid',
  'sizeBytes',
  'state',
  'epoch',
  'snapshots',
  'repairedBlocks',
  'compression',
  'zstdLevel',
] as const;
