/** What an open pool says of itself. */
import { blockBytes } from '../../../shared/block-size.ts';
import type { DeviceReport } from '../group/device-set.ts';
import type { DeviceStatus, PoolHealth, PoolStatus } from '../pool.ts';
import type { VolumeStore } from '../volume-store.ts';
import type { PoolEngine } from './pool-engine.ts';

export function poolStatus(engine: PoolEngine, volumes: readonly VolumeStore[]): PoolStatus {
  const { admission, failure, parts } = engine;
  const devices = parts.devices.devices().map(statusOf);
  const isWhole = devices.every(({ health }) => health === 'ONLINE');
  const health: PoolHealth = failure !== undefined ? 'FAULTED' : isWhole ? 'ONLINE' : 'DEGRADED';
  const { totalUnits, usedUnits } = admission;
  return {
    guid: parts.guid,
    health,
    message:
      failure?.message ??
      devices
        .filter((device) => device.health !== 'ONLINE')
        .map((device) => `${device.name}: ${device.reason ?? device.health}`)
        .join('; '),
    layout: parts.devices.label.layout,
    totalBytes: totalUnits * blockBytes,
    usedBytes: usedUnits * blockBytes,
    freeBytes: (totalUnits - usedUnits) * blockBytes,
    logicalUsedBytes: volumes.reduce((sum, volume) => sum + volume.usage().logicalBytes, 0),
    devices,
  };
}

function statusOf({ name, guid, state, reason, checksumErrors, ioErrors }: DeviceReport): DeviceStatus {
  return {
    name,
    guid,
    health: state === 'current' ? 'ONLINE' : 'FAULTED',
    reason: state === 'syncing' ? 'being copied to from the rest of its group' : (reason ?? undefined),
    checksumErrors,
    ioErrors,
  };
}
