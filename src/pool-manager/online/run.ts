/** `caskade pool status`, `create`, `replace`, `scrub`, …: calls to the daemon of a pool. */
import type { PoolStatusRead } from '../../api/proto/caskade/pool/v1/PoolStatus.ts';
import type { ReplicaRead } from '../../api/proto/caskade/pool/v1/Replica.ts';
import type { ProtoGrpcType } from '../../api/proto/pool.ts';
import { readConfig, readToken } from '../../shared/edge/config-file.ts';
import { helpOf, parseCount, parseFlags } from '../../shared/edge/flags.ts';
import { CommandError, UsageError } from '../../shared/exit-codes.ts';
import { type GrpcClient, openClient } from '../../shared/grpc/client.ts';
import { loadProto } from '../../shared/grpc/load.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import { poolConfigShape } from '../options.ts';
import type { PoolService } from './pool-service.ts';
import { sendVolume } from './send.ts';
import {
  cloneCommand,
  compressionCommand,
  createCommand,
  growCommand,
  type OnlineCommand,
  removeLogCommand,
  replaceCommand,
  scrubCommand,
  sendCommand,
  statusCommand,
} from './commands.ts';

/** Each answers what to print. */
export const onlineCommands: Readonly<Record<OnlineCommand, (argv: readonly string[]) => Promise<string>>> = {
  async status(argv) {
    const parsed = parseFlags(statusCommand, argv);
    if (parsed === undefined) return helpOf(statusCommand);
    const { config, json } = parsed.flags;
    const status = await ask(config, (pool) => pool.call('GetStatus', {}, { deadlineMs }));
    return json ? JSON.stringify(status) : statusText(status);
  },
  async create(argv) {
    const parsed = parseFlags(createCommand, argv);
    if (parsed === undefined) return helpOf(createCommand);
    const overwrite = namesOf(parsed.flags.overwrite);
    const made = await ask(parsed.flags.config, (pool) =>
      pool.call('CreatePool', { overwrite }, { deadlineMs }),
    );
    return statusText(made);
  },
  async replace(argv) {
    const parsed = parseFlags(replaceCommand, argv);
    if (parsed === undefined) return helpOf(replaceCommand);
    const [old = '', by = ''] = parsed.operands;
    const request = { old, new: by, overwrite: namesOf(parsed.flags.overwrite) };
    return statusText(
      await ask(parsed.flags.config, (pool) => pool.call('ReplaceDevice', request, { deadlineMs })),
    );
  },
  async scrub(argv) {
    const parsed = parseFlags(scrubCommand, argv);
    if (parsed === undefined) return helpOf(scrubCommand);
    const action = actionOf(parsed.operands[0] ?? '');
    const { config, share } = parsed.flags;
    const sharePercent = share === undefined ? 0 : parseCount('--share', share, 1, 100);
    return statusText(
      await ask(config, (pool) => pool.call('Scrub', { action, sharePercent }, { deadlineMs })),
    );
  },
  async grow(argv) {
    const parsed = parseFlags(growCommand, argv);
    if (parsed === undefined) return helpOf(growCommand);
    return statusText(await ask(parsed.flags.config, (pool) => pool.call('GrowDevices', {}, { deadlineMs })));
  },
  async 'remove-log'(argv) {
    const parsed = parseFlags(removeLogCommand, argv);
    if (parsed === undefined) return helpOf(removeLogCommand);
    const devices = [...parsed.operands];
    return statusText(
      await ask(parsed.flags.config, (pool) => pool.call('RemoveLogGroups', { devices }, { deadlineMs })),
    );
  },
  async compression(argv) {
    const parsed = parseFlags(compressionCommand, argv);
    if (parsed === undefined) return helpOf(compressionCommand);
    const [volume = '', compression = ''] = parsed.operands;
    const { config, level } = parsed.flags;
    const zstdLevel = level === undefined ? 0 : parseCount('--level', level, 1, 19);
    return statusText(await ask(config, (pool) => setCompression(pool, volume, { compression, zstdLevel })));
  },
  async clone(argv) {
    const parsed = parseFlags(cloneCommand, argv);
    if (parsed === undefined) return helpOf(cloneCommand);
    const [volume = '', clone = ''] = parsed.operands;
    const { config, snapshot = '', number, 'replica-id': replicaId = 'r1' } = parsed.flags;
    const wanted = { volume, clone, snapshot, replicaId, number: numberOf(number) };
    const made = await ask(config, (pool) => pool.call('CloneReplica', wanted, { deadlineMs }));
    return `${made.volume}  ${made.guid}  ${made.sizeBytes} bytes`;
  },
  async send(argv) {
    const parsed = parseFlags(sendCommand, argv);
    if (parsed === undefined) return helpOf(sendCommand);
    const [volume = ''] = parsed.operands;
    const { config, to, as = volume, snapshot = '', 'replica-id': replicaId = 'r1' } = parsed.flags;
    return await ask(config, (from) =>
      ask(to, (other) => sendVolume(from, other, { volume, as, snapshot, replicaId })),
    );
  },
};

async function setCompression(
  pool: GrpcClient<PoolService>,
  volume: string,
  properties: { readonly compression: string; readonly zstdLevel: number },
): Promise<PoolStatusRead> {
  const { replicas } = await pool.call('GetStatus', {}, { deadlineMs });
  const replica = replicas.find((each) => each.volume === volume);
  if (replica === undefined) throw new CommandError(`no replica of ${volume} is here`);
  const { replicaId } = replica;
  await pool.call('SetReplicaProperties', { volume, replicaId, ...properties }, { deadlineMs });
  return await pool.call('GetStatus', {}, { deadlineMs });
}

const numberOf = (text: string | undefined): number =>
  text === undefined ? 0 : parseCount('--number', text, 1, 999_999_999);

const deadlineMs = 30_000;
const namesOf = (text: string | undefined): string[] => (text === undefined ? [] : text.split(','));

function actionOf(word: string): 'SCRUB_ACTION_START' | 'SCRUB_ACTION_PAUSE' | 'SCRUB_ACTION_STOP' {
  switch (word) {
    case 'start':
      return 'SCRUB_ACTION_START';
    case 'pause':
      return 'SCRUB_ACTION_PAUSE';
    case 'stop':
      return 'SCRUB_ACTION_STOP';
    default:
      throw new UsageError(`ACTION ${word} is unknown: give start, pause or stop`);
  }
}

async function ask<T>(file: string, call: (pool: GrpcClient<PoolService>) => Promise<T>): Promise<T> {
  const { listen, adminTokenFile } = readConfig(file, poolConfigShape);
  const { service } = loadProto<ProtoGrpcType>('pool.proto').caskade.pool.v1.Pool;
  const pool = openClient(service, listen.admin, { token: readToken(adminTokenFile) });
  try {
    return await call(pool);
  } catch (error) {
    if (error instanceof StatusError) throw new CommandError(error.message, { cause: error });
    throw error;
  } finally {
    pool.close();
  }
}

function packing({ compression, zstdLevel }: ReplicaRead): string {
  if (compression === '' || compression === 'off') return '';
  return compression === 'zstd' ? `  zstd ${zstdLevel}` : `  ${compression}`;
}

function statusText(status: PoolStatusRead): string {
  const { name, guid, phase, message, usedBytes, totalBytes, devices, resilvers, scrub, replicas } = status;
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const lines = [
    `pool ${name}  ${guid}  ${status.layout}  ${phase.replace('POOL_PHASE_', '')}${message === '' ? '' : `: ${message}`}`,
    `  ${mib(usedBytes)} of ${mib(totalBytes)} used`,
    ...devices.map(
      (device) =>
        `  ${device.name}  ${device.online ? 'online' : `out of use: ${device.reason}`}  ${device.checksumErrors} checksum errors, ${device.ioErrors} I/O errors`,
    ),
    ...resilvers.map(
      ({ device, replaces, doneBytes, totalBytes: all, etaSeconds }) =>
        `  copying to ${device}${replaces === '' ? '' : ` in place of ${replaces}`}: ${mib(doneBytes)} of ${mib(all)}, ${etaSeconds} s left`,
    ),
    ...replicas.map(
      (replica) =>
        `  volume ${replica.volume}  ${mib(replica.logicalBytes)}  last ${replica.last}${packing(replica)}`,
    ),
  ];
  if (status.growableBytes > 0)
    lines.push(`  devices have grown: ${mib(status.growableBytes)} more with grow`);
  if (scrub !== null && scrub !== undefined)
    lines.push(
      `  scrub ${scrub.state}${scrub.state === 'RUNNING' ? ` with ${scrub.sharePercent} % of the time` : ''}: ${mib(scrub.doneBytes)} of ${mib(scrub.totalBytes)}, ${scrub.repairedBlocks} blocks repaired, ${scrub.lostBlocks} lost`,
    );
  return lines.join('\n');
}
