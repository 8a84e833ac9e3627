/** Command line and environment of the ndm role. */
import { parseCount, type Command, type Flags } from '../shared/edge/flags.ts';
import { UsageError } from '../shared/exit-codes.ts';
import { parseSize } from '../shared/size.ts';
import { sparseBytesMin, type SparseOptions } from './probe/sparse.ts';

export const command = {
  name: 'caskade ndm',
  does: 'Finds the block devices of this node and keeps their BlockDevice objects. Writes nothing on a disk.',
  flags: {
    config: { value: 'FILE', does: 'filters, default /host/node-disk-manager.config' },
    rescan: { value: 'SECONDS', does: 'longest time between two looks at the machine, 1 to 300, default 10' },
    http: { value: 'HOST:PORT', does: 'health and metrics, default [::]:9500' },
    'host-pid': { value: 'PID', does: "whose mounts are the host's: 1 (default, needs hostPID), or self" },
  },
} as const satisfies Command<Flags>;

export interface NdmOptions {
  readonly nodeName: string;
  readonly namespace: string;
  readonly configFile: string;
  readonly rescanMs: number;
  readonly http: string;
  readonly hostPid: number | 'self';
  readonly sparse: SparseOptions | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws UsageError that names the flag or variable. */
export function readOptions(
  flags: {
    config: string | undefined;
    rescan: string | undefined;
    http: string | undefined;
    'host-pid': string | undefined;
  },
  env: Environment,
): NdmOptions {
  const hostPid = flags['host-pid'] ?? '1';
  return {
    nodeName: variable(env, 'NODE_NAME'),
    namespace: variable(env, 'CASKADE_NAMESPACE'),
    configFile: flags.config ?? '/host/node-disk-manager.config',
    rescanMs: 1000 * parseCount('--rescan', flags.rescan ?? '10', 1, 300),
    http: flags.http ?? '[::]:9500',
    hostPid: hostPid === 'self' ? 'self' : parseCount('--host-pid', hostPid, 1, 4_194_304),
    sparse: sparseOf(env),
  };
}

function variable(env: Environment, name: string): string {
  const value = env[name] ?? '';
  if (value === '') throw new UsageError(`$${name} is not set: the chart sets it from the pod's own fields`);
  return value;
}

/** A folder without a count still shows the files that are in it. */
function sparseOf(env: Environment): SparseOptions | undefined {
  const folder = env['SPARSE_FILE_DIR'] ?? '';
  if (folder === '') return undefined;
  if (!folder.startsWith('/'))
    throw new UsageError(`$SPARSE_FILE_DIR ${folder} is no absolute path: begin with /`);
  const count = parseCount('$SPARSE_FILE_COUNT', env['SPARSE_FILE_COUNT'] ?? '0', 0, 64);
  const size = env['SPARSE_FILE_SIZE'] ?? '10Gi';
  const sizeBytes = parseSize('$SPARSE_FILE_SIZE', size);
  if (sizeBytes < sparseBytesMin)
    throw new UsageError(`$SPARSE_FILE_SIZE ${size} is too small: give at least 1Gi`);
  return { folder: folder.replace(/\/+$/, ''), sizeBytes, count };
}
