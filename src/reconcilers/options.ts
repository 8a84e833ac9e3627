/** What the operator is told at start: a flag, and the environment that the chart sets. */
import { hostname } from 'node:os';
import type { Command, Flags } from '../shared/edge/flags.ts';
import { version } from '../shared/edge/version.ts';
import { UsageError } from '../shared/exit-codes.ts';
import { tlsModes, type TlsMode } from '../shared/tls-files.ts';
import type { Settings } from './world.ts';

export const operatorCommand = {
  name: 'caskade operator',
  does: 'turns custom resources into pools and volumes, and their state into status',
  flags: {
    http: {
      value: 'HOST:PORT',
      does: 'where /healthz, /readyz and /metrics are served (default 0.0.0.0:9500)',
    },
  },
} as const satisfies Command<Flags>;

export const httpDefault = '0.0.0.0:9500';

export interface OperatorOptions {
  readonly settings: Settings;
  /** Identity for the lease: a restarted container goes on with that of its pod. */
  readonly identity: string;
}

function tlsMode(text = 'require'): TlsMode {
  const mode = tlsModes.find((one) => one === text);
  if (mode !== undefined) return mode;
  throw new UsageError(
    `environment CASKADE_REPLICATION_TLS_MODE is ${text}: set it to one of ${tlsModes.join(', ')}`,
  );
}

/** As `localhost/` and a path, or one of the kinds that need none. */
const profilePattern = /^(RuntimeDefault|Unconfined|localhost\/[\w.-]+(\/[\w.-]+)*)$/;

function seccompProfile(text = 'RuntimeDefault'): string {
  if (profilePattern.test(text)) return text;
  throw new UsageError(
    `environment CASKADE_POOL_SECCOMP_PROFILE is ${text}: set it to RuntimeDefault, Unconfined or localhost/PATH`,
  );
}

type Environment = Readonly<Record<string, string | undefined>>;

export function operatorOptions(env: Environment): OperatorOptions {
  const required = (name: string, example: string): string => {
    const value = env[name];
    if (value === undefined || value === '')
      throw new UsageError(`environment ${name} is not set: set it, for example ${name}=${example}`);
    return value;
  };
  return {
    settings: {
      namespace: required('CASKADE_NAMESPACE', 'openebs'),
      image: required('CASKADE_IMAGE', 'registry.example/caskade:0.1.0'),
      imagePullPolicy: env['CASKADE_IMAGE_PULL_POLICY'] ?? 'IfNotPresent',
      version: env['CASKADE_VERSION'] ?? version,
      sparseDir: env['CASKADE_SPARSE_DIR'] ?? '/var/openebs/sparse',
      replicationTlsSecret: env['CASKADE_REPLICATION_TLS_SECRET'] ?? '',
      replicationTlsMode: tlsMode(env['CASKADE_REPLICATION_TLS_MODE']),
      poolSeccompProfile: seccompProfile(env['CASKADE_POOL_SECCOMP_PROFILE']),
    },
    identity: env['POD_NAME'] ?? `${hostname()}-${process.pid}`,
  };
}
