/** The configuration of each process of a local volume, and clients of their admin calls. */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { PoolConfig } from '../api/pool-config.ts';
import type { ProtoGrpcType as PoolProto } from '../api/proto/pool.ts';
import type { ProtoGrpcType as TargetProto } from '../api/proto/target.ts';
import type { TargetConfig } from '../api/target-config.ts';
import { labelBytes, logBytesFor } from '../pool-manager/engine/group/geometry.ts';
import { CommandError } from '../shared/exit-codes.ts';
import { openClient } from '../shared/grpc/client.ts';
import { loadProto } from '../shared/grpc/load.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import { poolNames, syncFolder, writeAtomically, type LocalState } from './home.ts';
import { deviceBytes } from './options.ts';
import { keyFile, linkKeysFile, readAdminToken, tlsFiles, tokenFile } from './keys.ts';

/** Where things of one volume are. */
export interface Places {
  readonly home: string;
  /** Folder of the sockets. */
  readonly run: string;
}

export const targetIqn = (volume: string): string => `iqn.2016-09.com.openebs.cstor:${volume}`;
export const adminSocket = ({ run }: Places, name: string): string => join(run, `${name}.admin`);
export const controlSocket = (run: string): string => join(run, 'control');
export const configFile = ({ home }: Places, name: string): string => join(home, 'config', `${name}.json`);

const devicePath = ({ home }: Places, pool: string, device: number) => join(home, pool, `device-${device}`);

const deviceNumbers = ({ devicesPerPool }: LocalState) =>
  Array.from({ length: devicesPerPool }, (_, i) => i + 1);

const laidOutBytesMax = 65 * 2 ** 20;

/**
 * Gives a file places for the front label and the log behind it, or a good part of that: where it has none, each write that
 * has to be durable waits for the journal of the file system too, twice as long.
 */
function layOutLog(file: number, bytes: number): void {
  const zeros = new Uint8Array(2 ** 20);
  const end = Math.min(laidOutBytesMax, labelBytes + logBytesFor(bytes), bytes);
  for (let at = 0; at + zeros.byteLength <= end; at += zeros.byteLength)
    writeSync(file, zeros, 0, zeros.byteLength, at);
  fdatasyncSync(file);
}

/** Makes the sparse files that are not there yet. Only while the volume is being made: a lost file is not replaced. */
export function makeDevices(
  places: Places,
  state: LocalState,
  pools: readonly string[] = poolNames(state),
): void {
  for (const pool of pools) {
    mkdirSync(join(places.home, pool), { recursive: true, mode: 0o700 });
    for (const device of deviceNumbers(state)) {
      const path = devicePath(places, pool, device);
      if (existsSync(path)) continue;
      const file = openSync(path, 'wx', 0o600);
      ftruncateSync(file, deviceBytes(state));
      layOutLog(file, deviceBytes(state));
      closeSync(file);
    }
    syncFolder(join(places.home, pool));
  }
  syncFolder(places.home);
}

/** A pool that was given up: what is left of it stays, where no pool of a later time finds it. */
export function setAside({ home }: Places, pool: string, version: number): void {
  if (existsSync(join(home, pool))) renameSync(join(home, pool), join(home, `given-up-${version}-${pool}`));
  rmSync(configFile({ home, run: '' }, pool), { force: true });
  syncFolder(home);
}

/** What a pool had that is a member no more. */
export function removePool({ home }: Places, pool: string): void {
  rmSync(join(home, pool), { recursive: true, force: true });
  rmSync(configFile({ home, run: '' }, pool), { force: true });
}

export function writePoolConfig(places: Places, state: LocalState, pool: string, tls: boolean): void {
  const devices = deviceNumbers(state).map((device) => ({
    name: `device-${device}`,
    paths: [devicePath(places, pool, device)],
  }));
  writeConfig(places, pool, {
    name: pool,
    layout: state.layout,
    groups: [{ devices }],
    listen: {
      replication: `unix:${join(places.run, `${pool}.data`)}`,
      copy: `unix:${join(places.run, `${pool}.copy`)}`,
      admin: `unix:${adminSocket(places, pool)}`,
    },
    keyFile: keyFile(places.home, pool),
    adminTokenFile: tokenFile(places.home, pool),
    ...(tls ? { tls: tlsFiles(places.home, pool) } : {}),
  } satisfies PoolConfig);
}

/** What is chosen at each start, and not kept in D. */
export interface Choices {
  /** Links between the processes are TLS. */
  readonly tls: boolean;
  readonly chapFile: string | undefined;
  readonly quorumWaitSeconds: number | undefined;
}

/** `name`: of the process. `listen`: the portal; with a port of its own once it has been bound, so that a restarted target is found again. */
export function writeTargetConfig(
  places: Places,
  name: string,
  state: LocalState,
  listen: string,
  { chapFile, quorumWaitSeconds, tls }: Choices,
): void {
  const replicas = poolNames(state).map((pool) => [
    pool,
    {
      pool,
      replication: `unix:${join(places.run, `${pool}.data`)}`,
      copy: `unix:${join(places.run, `${pool}.copy`)}`,
    },
  ]);
  writeConfig(places, name, {
    volume: state.volume,
    iqn: targetIqn(state.volume),
    sizeBytes: state.sizeBytes,
    membership: {
      version: state.version ?? 1,
      members: state.members,
      ...(state.forced === true ? { forced: true } : {}),
    },
    ...(state.next === undefined ? {} : { nextMembership: state.next }),
    replicas: Object.fromEntries(replicas) as TargetConfig['replicas'],
    listen: { iscsi: listen, admin: `unix:${adminSocket(places, name)}` },
    keyFile: linkKeysFile(places.home, name),
    adminTokenFile: tokenFile(places.home, name),
    ...(tls ? { tls: tlsFiles(places.home, name) } : {}),
    ...(chapFile === undefined ? {} : { chapFile }),
    initiators: 'any',
    ...(quorumWaitSeconds === undefined ? {} : { quorumWaitSeconds }),
  } satisfies TargetConfig);
}

function writeConfig(places: Places, name: string, config: PoolConfig | TargetConfig): void {
  mkdirSync(join(places.home, 'config'), { recursive: true, mode: 0o700 });
  writeAtomically(configFile(places, name), `${JSON.stringify(config, null, 2)}\n`, 0o600);
}

export function poolClient(places: Places, pool: string) {
  const { service } = loadProto<PoolProto>('pool.proto').caskade.pool.v1.Pool;
  return openClient(service, `unix:${adminSocket(places, pool)}`, {
    token: readAdminToken(places.home, pool),
  });
}

export function targetClient(places: Places) {
  const { service } = loadProto<TargetProto>('target.proto').caskade.target.v1.Target;
  return openClient(service, `unix:${adminSocket(places, 'target')}`, {
    token: readAdminToken(places.home, 'target'),
  });
}

/** A call to the process `name`: its refusal in words for the person at the command line. */
export async function askingOf<T>(name: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const dead = error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED';
    throw new CommandError(
      dead ? `${name} does not answer (${error.message}): is it running?` : `${name}: ${error.message}`,
      { cause: error },
    );
  }
}
