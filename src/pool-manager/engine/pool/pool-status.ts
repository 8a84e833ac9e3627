/** What an open pool says of itself. */
import { blockBytes } from '../../../shared/block-size.ts';
import type { DeviceReport } from '../group/device-report.ts';
import { growableBytes } from '../group/group-growth.ts';
import type { ManagedDeviceStatus, ManagedPoolStatus, PoolHealth } from '../pool.ts';
import type { VolumeStore } from '../volume-store.ts';
import type { PoolEngine } from './pool-engine.ts';

export function poolStatus(engine: PoolEngine, volumes: readonly VolumeStore[]): ManagedPoolStatus {
  const { admission, failure, parts, work, settings } = engine;
  const devices = parts.devices.devices().map(statusOf);
  const isWhole = devices.every(({ health }) => health === 'ONLINE');
  const health: PoolHealth = failure !== undefined ? 'FAULTED' : isWhole ? 'ONLINE' : 'DEGRADED';
  const { totalUnits, usedUnits } = admission;
  const { label } = parts.devices;
  const names = new Map(devices.map(({ guid, name }) => [guid, name]));
  const namesOf = (some: readonly { readonly guid: string; readonly name: string }[]) =>
    some.map(({ guid, name }) => names.get(guid) ?? name);
  return {
    guid: parts.guid,
    health,
    message:
      failure?.message ??
      [
        ...devices
          .filter((device) => device.health !== 'ONLINE')
          .map((device) => `${device.name}: ${device.reason ?? device.health}`),
        ...(parts.damage.message === undefined ? [] : [parts.damage.message]),
      ].join('; '),
    layout: label.layout,
    totalBytes: totalUnits * blockBytes,
    usedBytes: usedUnits * blockBytes,
    freeBytes: (totalUnits - usedUnits) * blockBytes,
    writableBytes: admission.writableUnits * blockBytes,
    logicalUsedBytes: volumes.reduce((sum, volume) => sum + volume.usage().logicalBytes, 0),
    devices,
    dataGroups: label.groups.map((group) => namesOf(group.devices)),
    logGroups: label.logs.map(namesOf),
    properties: settings.properties,
    growableBytes: growableBytes(parts.devices),
    readOnly: admission.readOnly !== undefined || admission.isAboveThreshold,
    resilvers: work.resilvers(settings.replaced),
    scrub: work.scrubStatus(),
  };
}

const reasons: Partial<Record<DeviceReport['state'], string>> = {
  syncing: 'being copied to from the rest of its group',
  leaving: 'read until the device that takes its place has everything',
};

function statusOf(report: DeviceReport): ManagedDeviceStatus {
  const { name, guid, state, reason, checksumErrors, ioErrors } = report;
  return {
    name,
    guid,
    state,
    health: state === 'current' || state === 'leaving' ? 'ONLINE' : 'FAULTED',
    reason: reasons[state] ?? reason,
    checksumErrors,
    ioErrors,
  };
}
