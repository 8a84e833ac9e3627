/** The devices of one pool's configuration, and the pool on them. */
import type { PoolConfig, PoolDevice } from '../api/pool-config.ts';
import { engineHost } from './device/engine-host.ts';
import { openFileDevice } from './device/file-device.ts';
import { nodeZstd } from './device/node-zstd.ts';
import { poolOwner } from './device/pool-owner.ts';
import type { BlockDevice } from './engine/block-device.ts';
import { examineDevices, type Finding } from './engine/group/examine.ts';
import { createPool } from './engine/pool/pool-create.ts';
import { clearLabels } from './engine/group/create-set.ts';
import { importPool } from './engine/pool/pool-import.ts';
import type { Pool } from './engine/pool.ts';
import { PoolRefusal } from './engine/refusal.ts';

export type Found =
  | { readonly found: 'pool'; readonly pool: Pool }
  /** No pool is there, and every device: CreatePool may follow. `message` says what stands on them, empty when blank. */
  | { readonly found: 'nothing'; readonly message: string }
  | { readonly found: 'refused'; readonly reason: string; readonly message: string };

/** What the engine may not take from the world by itself. */
const world = { host: engineHost, owner: poolOwner, zstd: nodeZstd };

/** What the daemon needs of its devices; another implementation serves tests. */
export interface PoolMedia {
  /** Imports the pool if there is one. Devices stay open only when there is. */
  find(): Promise<Found>;
  /** Rejects with PoolRefusal before anything is written, unless the devices are blank or named in `overwrite`. */
  create(overwrite: readonly string[]): Promise<Pool>;
  /** Clears the labels; the pool is closed. */
  clear(): Promise<void>;
}

export function openPoolMedia(config: PoolConfig): PoolMedia {
  return {
    async find() {
      const { opened, missing } = await openAll(config);
      const { found, keep } = await judge(opened.flat(), missing);
      if (!keep) await closeAll(opened.flat());
      return found;
    },
    async create(overwrite) {
      const { opened, missing } = await openAll(config);
      try {
        if (missing !== undefined) throw missing;
        return await createPool({ layout: config.layout, groups: opened, overwrite, ...world });
      } catch (error) {
        await closeAll(opened.flat());
        throw error;
      }
    },
    async clear() {
      const { opened, missing } = await openAll(config);
      try {
        if (missing !== undefined) throw missing;
        await clearLabels(opened.flat());
      } finally {
        await closeAll(opened.flat());
      }
    },
  };
}

interface Opened {
  /** By group, as far as they could be opened. */
  readonly opened: readonly (readonly BlockDevice[])[];
  /** The first refusal of a device that could not. */
  readonly missing: PoolRefusal | undefined;
}

async function openAll(config: PoolConfig): Promise<Opened> {
  let missing: PoolRefusal | undefined;
  const opened: BlockDevice[][] = [];
  for (const group of config.groups) {
    const devices: BlockDevice[] = [];
    for (const device of group.devices) {
      const result = await openFirst(device);
      if (result instanceof PoolRefusal) missing ??= result;
      else devices.push(result);
    }
    opened.push(devices);
  }
  return { opened, missing };
}

/** Paths of a device are tried in turn; when none opens, the refusal of the first tells why. */
async function openFirst(device: PoolDevice): Promise<BlockDevice | PoolRefusal> {
  let first: PoolRefusal | undefined;
  for (const path of device.paths)
    try {
      return await openFileDevice(path, { name: device.name });
    } catch (error) {
      if (!(error instanceof PoolRefusal)) throw error;
      first ??= error;
    }
  return first ?? new PoolRefusal('DeviceMissing', `device ${device.name} has no path: name one`);
}

async function judge(
  devices: readonly BlockDevice[],
  missing: PoolRefusal | undefined,
): Promise<{ found: Found; keep: boolean }> {
  const refused = ({ reason, message }: PoolRefusal) => ({
    found: { found: 'refused', reason, message } as const,
    keep: false,
  });
  try {
    const findings = await examineDevices(devices);
    if (findings.some(isPool))
      return { found: { found: 'pool', pool: await importPool({ devices, ...world }) }, keep: true };
    if (missing !== undefined) return refused(missing);
    const unreadable = findings.find((finding) => finding.kind === 'unreadable');
    if (unreadable !== undefined) return refused(new PoolRefusal('DeviceMissing', contents([unreadable])));
    return { found: { found: 'nothing', message: contents(findings) }, keep: false };
  } catch (error) {
    if (error instanceof PoolRefusal) return refused(error);
    await closeAll(devices);
    throw error;
  }
}

/** Labels without any root are what a creation left that was interrupted: it may be tried again. */
const isPool = (finding: Finding): boolean =>
  finding.kind === 'pool' && !(finding.roots.length === 0 && finding.untouched);

const contents = (findings: readonly Finding[]): string =>
  findings
    .flatMap((finding) => {
      const device = `device ${finding.device.name}`;
      switch (finding.kind) {
        case 'blank':
          return [];
        case 'foreign':
          return [`${device} carries ${finding.what}`];
        case 'tooSmall':
          return [`${device} is too small`];
        case 'unreadable':
          return [`${device} can not be read: ${finding.why}`];
        case 'damaged':
          return [`${device} carries a damaged label of a pool`];
        case 'pool':
          return [`${device} carries a pool whose creation was interrupted`];
      }
    })
    .join('; ');

async function closeAll(devices: readonly BlockDevice[]): Promise<void> {
  await Promise.all(devices.map((device) => device.close()));
}
