/** The devices of one pool's configuration, and the pool on them. */
import type { PoolConfig, PoolDevice } from '../api/pool-config.ts';
import { engineHost } from './device/engine-host.ts';
import type { DeviceIo } from './device/device-io.ts';
import { type FileDeviceOptions, openFileDevice } from './device/file-device.ts';
import { ioShare, reserveThreads, yieldToLoop } from './device/io-threads.ts';
import { nodeZstd } from './device/node-zstd.ts';
import { poolOwner } from './device/pool-owner.ts';
import type { BlockDevice } from './engine/block-device.ts';
import { examineDevices, type Finding } from './engine/group/examine.ts';
import { createPool } from './engine/pool/pool-create.ts';
import { clearLabels } from './engine/group/create-set.ts';
import { importPool } from './engine/pool/pool-import.ts';
import type { ManagedPool } from './engine/pool.ts';
import { PoolRefusal } from './engine/refusal.ts';
import { deviceDeadlineSeconds } from './options.ts';

export type Found =
  | { readonly found: 'pool'; readonly pool: ManagedPool }
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
  create(overwrite: readonly string[]): Promise<ManagedPool>;
  /** A configured device that the pool does not have. Rejects with PoolRefusal. */
  openDevice(name: string): Promise<BlockDevice>;
  /** Clears the labels; the pool is closed. */
  clear(): Promise<void>;
}

export function openPoolMedia(config: PoolConfig, io: DeviceIo): PoolMedia {
  const share = ioShare(configured(config).length, io.name);
  reserveThreads(share);
  const { deviceDeadlineSeconds: seconds = deviceDeadlineSeconds.usual } = config;
  const limits = {
    operationsMax: share.operationsPerDevice,
    deadlineMs: seconds * 1_000,
    operations: io.operations,
  };
  const openFirst = (device: PoolDevice) => openOne(device, limits);
  const openAll = (leaving: readonly PoolDevice[]) => openGroups(config, leaving, openFirst);
  return {
    async find() {
      const opened = await openAll(config.leaving ?? []);
      const { found, kept } = await judge(opened);
      yieldToLoop();
      await closeAll(opened.all.filter((device) => !kept.includes(device)));
      return found;
    },
    async create(overwrite) {
      const { groups, logs, all, missing } = await openAll([]);
      try {
        if (missing !== undefined) throw missing;
        const pool = await createPool({ layout: config.layout, groups, logs, overwrite, ...world });
        yieldToLoop();
        return pool;
      } catch (error) {
        await closeAll(all);
        throw error;
      }
    },
    async openDevice(name) {
      const device = configured(config).find((each) => each.name === name);
      const result =
        device === undefined
          ? new PoolRefusal('DeviceMissing', `device ${name} is not in the configuration: add it there`)
          : await openFirst(device);
      if (result instanceof PoolRefusal) throw result;
      return result;
    },
    async clear() {
      const { all, missing } = await openAll([]);
      try {
        if (missing !== undefined) throw missing;
        await clearLabels(all);
      } finally {
        await closeAll(all);
      }
    },
  };
}

const configured = ({ groups, logGroups = [] }: PoolConfig): readonly PoolDevice[] =>
  [...groups, ...logGroups].flatMap(({ devices }) => devices);

type OpenFirst = (device: PoolDevice) => Promise<BlockDevice | PoolRefusal>;
type Groups = readonly (readonly BlockDevice[])[];

interface Opened {
  /** By group, as far as they could be opened. */
  readonly groups: Groups;
  readonly logs: Groups;
  /** Those of the groups, and those that are leaving. */
  readonly all: readonly BlockDevice[];
  /** The first refusal of a device of a group that could not. */
  readonly missing: PoolRefusal | undefined;
}

async function openGroups(
  config: PoolConfig,
  leaving: readonly PoolDevice[],
  openFirst: OpenFirst,
): Promise<Opened> {
  let missing: PoolRefusal | undefined;
  const open = async (devices: readonly PoolDevice[]): Promise<readonly BlockDevice[]> => {
    const found: BlockDevice[] = [];
    for (const device of devices) {
      const result = await openFirst(device);
      if (result instanceof PoolRefusal) missing ??= result;
      else found.push(result);
    }
    return found;
  };
  const groups: (readonly BlockDevice[])[] = [];
  const logs: (readonly BlockDevice[])[] = [];
  for (const { devices } of config.groups) groups.push(await open(devices));
  for (const { devices } of config.logGroups ?? []) logs.push(await open(devices));
  const missed = missing;
  // A device that is on its way out may be gone altogether.
  const rest = await open(leaving);
  return { groups, logs, all: [...groups.flat(), ...logs.flat(), ...rest], missing: missed };
}

/** Paths of a device are tried in turn; when none opens, the refusal of the first tells why. */
async function openOne(
  device: PoolDevice,
  limits: Omit<FileDeviceOptions, 'name'>,
): Promise<BlockDevice | PoolRefusal> {
  let first: PoolRefusal | undefined;
  for (const path of device.paths)
    try {
      return await openFileDevice(path, { name: device.name, ...limits });
    } catch (error) {
      if (!(error instanceof PoolRefusal)) throw error;
      first ??= error;
    }
  return first ?? new PoolRefusal('DeviceMissing', `device ${device.name} has no path: name one`);
}

/** What is there, and which devices the pool took. */
async function judge({
  all,
  missing,
}: Opened): Promise<{ readonly found: Found; readonly kept: readonly BlockDevice[] }> {
  const refused = ({ reason, message }: PoolRefusal) => ({
    found: { found: 'refused', reason, message } as const,
    kept: [],
  });
  const findings = await examineDevices(all);
  if (!findings.some(isPool))
    return missing === undefined
      ? { found: { found: 'nothing', message: contents(findings) }, kept: [] }
      : refused(missing);
  // One that carries no label is to be added yet, or somebody has changed a disk: the labels tell who is missing.
  const ours = findings.filter(mayBeOurs).map(({ device }) => device);
  try {
    const pool = await importPool({ devices: ours, ...world });
    const used = pool.status().devices.filter(({ state }) => state !== 'absent');
    // A device that was replaced has a label still; nobody holds it open for that.
    const kept = ours.filter(({ name }) => used.some((device) => device.name === name));
    return { found: { found: 'pool', pool }, kept };
  } catch (error) {
    if (error instanceof PoolRefusal) {
      const others = contents(findings.filter((finding) => !mayBeOurs(finding)));
      return refused(others === '' ? error : new PoolRefusal(error.reason, `${error.message}; ${others}`));
    }
    await closeAll(all);
    throw error;
  }
}

const mayBeOurs = ({ kind }: Finding): boolean =>
  kind === 'pool' || kind === 'damaged' || kind === 'unreadable';

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
