/** Command lines of `caskade local` and what they mean. */
import { deviceBytesMin } from '../pool-manager/engine/group/geometry.ts';
import { listening, parseEndpoint } from '../shared/edge/endpoint.ts';
import { parseCount, type Flag, type FlagValues } from '../shared/edge/flags.ts';
import { UsageError } from '../shared/exit-codes.ts';
import { formatSize, parseSize } from '../shared/size.ts';
import { createServer } from 'node:net';

const dir: Flag & { value: string; required: true } = {
  value: 'D',
  does: 'folder of the volume: devices, keys, state',
  required: true,
};

const snapshotFlag: Flag & { value: string } = {
  value: 'NAME',
  does: 'as of this snapshot; else as the volume is now',
};

export const startCommand = {
  name: 'caskade local',
  does: [
    'Serves a replicated volume from files of this machine: pools and target as processes of their own.',
    'More: caskade local restart|status|verify|scrub|read-replica|replica|snapshot --help',
  ].join('\n'),
  flags: {
    dir,
    replicas: { value: '1..5', does: 'pools, one replica in each; fixed when D is new' },
    size: { value: 'S', does: 'of the volume, like 64M or 1Gi (powers of 1024); fixed when D is new' },
    listen: { value: 'HOST:PORT', does: 'the iSCSI portal; port 0: a free one', required: true },
    'devices-per-pool': { value: 'N', does: 'files that make a pool: 1 (stripe) or 2 (mirror) unless given' },
    layout: { value: 'stripe|mirror', does: 'of each pool: stripe unless given' },
    'chap-file': { value: 'F', does: 'lines USER SECRET and mutual USER SECRET, mode 600; absent: no CHAP' },
    tls: { does: 'the links between the processes are TLS, with certificates of their own below D/keys' },
    'quorum-wait': {
      value: 'SECONDS',
      does: 'how long a command waits for a quorum of replicas before its initiator hears BUSY: 20 unless given',
    },
  },
} as const;

export const restartCommand = {
  name: 'caskade local restart',
  does: 'Starts a process of the running volume in D again: pool-1, pool-2, … or target. One that lives is stopped first.',
  operands: ['NAME'],
  flags: { dir },
} as const;

export const statusCommand = {
  name: 'caskade local status',
  does: 'Shows the state of the volume in D and of its replicas.',
  flags: { dir, json: { does: 'one JSON object' } },
} as const;

export const verifyCommand = {
  name: 'caskade local verify',
  does: 'Reads every replica whole and compares them; exit status 1 when they differ.',
  flags: { dir, snapshot: snapshotFlag, json: { does: 'one JSON object' } },
} as const;

export const scrubCommand = {
  name: 'caskade local scrub',
  does: [
    'Compares the replicas while the volume serves, and writes anew what differs as most of them have it.',
    'Exit status 1 when something is left that differs.',
  ].join('\n'),
  flags: { dir, json: { does: 'one JSON object' } },
} as const;

export const readReplicaCommand = {
  name: 'caskade local read-replica',
  does: 'Writes the content of the replica in pool NAME to a file, holes as holes.',
  operands: ['NAME'],
  flags: {
    dir,
    snapshot: snapshotFlag,
    out: { value: 'FILE', does: 'the file to write', required: true },
  },
} as const;

export const replicaCommands = {
  add: {
    name: 'caskade local replica add',
    does: 'Makes one more pool with a replica and counts it once it holds everything. The volume serves meanwhile.',
    flags: { dir },
  },
  remove: {
    name: 'caskade local replica remove',
    does: 'Takes the replica in pool NAME out of the volume, and deletes the pool.',
    operands: ['NAME'],
    flags: { dir },
  },
  move: {
    name: 'caskade local replica move',
    does: 'Moves the replica of pool NAME to a new pool; the old one stays until the new one holds everything.',
    operands: ['NAME'],
    flags: { dir },
  },
} as const;

export const snapshotCommands = {
  create: {
    name: 'caskade local snapshot create',
    does: 'Names the state of the volume after all that is written and acknowledged, on all replicas, while I/O goes on.',
    operands: ['NAME'],
    flags: { dir },
  },
  delete: {
    name: 'caskade local snapshot delete',
    does: 'Forgets a snapshot; what only it has is given back in the background.',
    operands: ['NAME'],
    flags: { dir },
  },
  list: {
    name: 'caskade local snapshot list',
    does: 'Shows the snapshots of the volume in D, in the order they were taken.',
    flags: { dir, json: { does: 'one JSON object' } },
  },
  revert: {
    name: 'caskade local snapshot revert',
    does: 'Makes the content of the volume that of a snapshot. Initiators have to be logged out.',
    operands: ['NAME'],
    flags: { dir, 'remove-newer': { does: 'at the cost of the snapshots that were taken since' } },
  },
  clone: {
    name: 'caskade local snapshot clone',
    does: [
      'Makes a new volume that begins as the snapshot, in the same pools, and serves it by a target of its own.',
      'Prints one line of JSON like that of caskade local; the clone is served again with the volume it came from.',
    ].join('\n'),
    operands: ['NAME'],
    flags: {
      dir,
      listen: {
        value: 'HOST:PORT',
        does: 'the iSCSI portal of the clone; port 0: a free one',
        required: true,
      },
    },
  },
  'remove-clone': {
    name: 'caskade local snapshot remove-clone',
    does: 'Ends a clone, clone-1 or so, and deletes what it holds.',
    operands: ['NAME'],
    flags: { dir },
  },
} as const;

export const forceCommand = {
  name: 'caskade local replica force',
  does: [
    'Goes on with the replicas that are left when a majority is gone for good, and gives the others up for ever.',
    'What may be missing then has to be named: without --volume and --loss it says so and changes nothing.',
  ].join('\n'),
  flags: {
    dir,
    survivors: { value: 'NAME,…', does: 'the pools that are left', required: true },
    volume: { value: 'VOLUME', does: 'name of the volume; the refusal without it tells it' },
    loss: { value: 'unflushed|flushed', does: 'what may be missing afterwards' },
  },
} as const;

// prettier-ignore
export const localLimits = {
  replicasMax: 5,
  devicesMax: 8,
  sizeBytesMin: 2 ** 20,
  sizeBytesMax: 2 ** 44,
  /** A child says that it has started within this time; importing a pool is most of it. */
  startMs: 30_000,
  /** Of a child's orderly stop; above its own bound. */
  stopMs: 25_000,
  /** A pool as a whole is not smaller: labels, tree and reserve have their share of it, and nothing of it is written. */
  poolBytesMin: 32 * 2 ** 20,
  /** Children of a killed command are gone after two seconds. */
  orphansMs: 3_000,
  /** How often a change of members is looked at. */
  changeLookMs: 500,
  /** Answers of a child to status questions. */
  askMs: 2_000,
} as const;

/** What `--quorum-wait` says; undefined: the target's own. */
export const parseQuorumWait = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : parseCount('--quorum-wait', text, 1, 600);

/** What a volume is; written down when D is new, and fixed from then on. */
export interface Geometry {
  readonly replicas: number;
  readonly sizeBytes: number;
  readonly layout: 'stripe' | 'mirror';
  readonly devicesPerPool: number;
}

type Values = FlagValues<typeof startCommand.flags>;

/** The geometry of a new D. Throws UsageError. */
export function newGeometry(flags: Values): Geometry {
  const { replicas, size } = flags;
  if (replicas === undefined) throw new UsageError('option --replicas is missing: give --replicas 1..5');
  if (size === undefined) throw new UsageError('option --size is missing: give --size S, like 1Gi');
  const layout = parseLayout(flags.layout ?? 'stripe');
  const least = layout === 'mirror' ? 2 : 1;
  const devices = flags['devices-per-pool'] ?? String(least);
  const devicesPerPool = parseCount('--devices-per-pool', devices, 1, localLimits.devicesMax);
  if (devicesPerPool < least)
    throw new UsageError(`--devices-per-pool ${devices} is too few for a mirror: give 2 or more`);
  const geometry: Geometry = {
    replicas: parseCount('--replicas', replicas, 1, localLimits.replicasMax),
    sizeBytes: parseVolumeSize(size),
    layout,
    devicesPerPool,
  };
  if (deviceBytes(geometry) < deviceBytesMin)
    throw new UsageError(
      `--devices-per-pool ${devices} makes devices of ${formatSize(deviceBytes(geometry))} for --size ${size}: give fewer, so that each has ${formatSize(deviceBytesMin)}`,
    );
  return geometry;
}

/** Twice the volume per pool in all, for snapshots and what is freed later; each side of a mirror as large. */
export function deviceBytes({ sizeBytes, layout, devicesPerPool }: Geometry): number {
  const poolBytes = Math.max(2 * sizeBytes, localLimits.poolBytesMin);
  const bytes = layout === 'mirror' ? poolBytes : poolBytes / devicesPerPool;
  const step = 2 ** 20;
  return Math.ceil(bytes / step) * step;
}

function parseLayout(text: string): Geometry['layout'] {
  if (text === 'stripe' || text === 'mirror') return text;
  throw new UsageError(`--layout ${text} is unknown: give stripe or mirror`);
}

function parseVolumeSize(text: string): number {
  const bytes = parseSize('--size', text);
  const { sizeBytesMin, sizeBytesMax } = localLimits;
  if (bytes % 4096 !== 0) throw new UsageError(`--size ${text} is no multiple of 4096: give one`);
  if (bytes < sizeBytesMin || bytes > sizeBytesMax)
    throw new UsageError(
      `--size ${text} is out of range: give ${formatSize(sizeBytesMin)} to ${formatSize(sizeBytesMax)}`,
    );
  return bytes;
}

/** Throws UsageError when the flags ask for another volume than the one that `dir` holds. */
export function requireSame(flags: Values, dir: string, has: Geometry): void {
  const refuse = (flag: string, asked: string, there: string) => {
    throw new UsageError(
      `${flag} ${asked}: ${dir} holds a volume with ${there}: give ${flag} ${there}, leave it out, or use another --dir`,
    );
  };
  const { replicas, size, layout, 'devices-per-pool': devices } = flags;
  if (
    replicas !== undefined &&
    parseCount('--replicas', replicas, 1, localLimits.replicasMax) !== has.replicas
  )
    refuse('--replicas', replicas, String(has.replicas));
  if (size !== undefined && parseVolumeSize(size) !== has.sizeBytes)
    refuse('--size', size, formatSize(has.sizeBytes));
  if (layout !== undefined && parseLayout(layout) !== has.layout) refuse('--layout', layout, has.layout);
  if (
    devices !== undefined &&
    parseCount('--devices-per-pool', devices, 1, localLimits.devicesMax) !== has.devicesPerPool
  )
    refuse('--devices-per-pool', devices, String(has.devicesPerPool));
}

/** Refuses a portal that can not be listened on before anything is started. */
export async function requireFree(listen: string): Promise<void> {
  const endpoint = parseListen(listen);
  const server = createServer();
  await listening(
    '--listen',
    listen,
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(endpoint.port, endpoint.host, () => server.close(() => resolve()));
    }),
  );
}

function parseListen(listen: string): { host: string; port: number } {
  try {
    const endpoint = parseEndpoint(listen);
    if (endpoint.kind === 'tcp') return endpoint;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  throw new UsageError(`--listen ${listen} is not HOST:PORT: give for example 127.0.0.1:3260`);
}
