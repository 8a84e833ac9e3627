/** Command line, configuration and limits of the pool daemon. */
import type { PoolConfig } from '../api/pool-config.ts';
import type { Command } from '../shared/edge/flags.ts';
import { tlsLinksShape } from '../shared/edge/link-tls.ts';
import { integer, list, object, oneOf, optional, text, type Shape } from '../shared/shape.ts';

export const poolCommand = {
  name: 'caskade pool',
  does: [
    'Runs the daemon of one pool.',
    'Asking a daemon: caskade pool status|create|replace|remove-log|grow|scrub|compression|clone|send --help',
    'Without a daemon: caskade pool check|inspect|export --help',
  ].join('\n'),
  flags: {
    config: { value: 'FILE', does: 'JSON, see docs/options.md', required: true },
    'device-deadline': {
      value: 'SECONDS',
      does: 'an operation of a device that takes longer puts it out of use (deviceDeadlineSeconds)',
    },
  },
} as const satisfies Command<Record<string, { value: string; does: string; required?: true }>>;

const address = text('give HOST:PORT or unix:PATH', /^unix:.|:\d+$/);

const device = object({ name: text('give the name of the device'), paths: list(text(), 1) });
const group = object({ devices: list(device, 1) });

/** Long enough for a disk that spins up, or tries a bad sector again; below what initiators wait for an answer. */
export const deviceDeadlineSeconds = { min: 1, max: 300, usual: 10 } as const;

export const poolConfigShape: Shape<PoolConfig> = object({
  name: text('give the name of the pool'),
  layout: oneOf('stripe', 'mirror', 'raidz', 'raidz2'),
  groups: list(group, 1),
  logGroups: optional(list(group)),
  leaving: optional(list(device)),
  listen: object({
    replication: address,
    copy: address,
    admin: address,
    http: optional(text('give HOST:PORT', /:\d+$/)),
  }),
  deviceDeadlineSeconds: optional(integer(deviceDeadlineSeconds.min, deviceDeadlineSeconds.max)),
  keyFile: text('give the path of a file'),
  adminTokenFile: text('give the path of a file'),
  tls: optional(tlsLinksShape),
});

// prettier-ignore
export const poolLimits = {
  /** Certificates are looked at this often. */
  fileLookMs: 2_000,
  /** Between two messages of WatchStatus. */
  statusPauseMs: 500,
  /** Capacity is looked at this often for WatchStatus. */
  statusLookMs: 2_000,
  /** A pool that could not be imported is looked for again: a device may have come back. */
  importAgainMs: 5_000,
  /** Devices of an open pool that are out of use are looked for: one may have been plugged in again. */
  devicesAgainMs: 15_000,
  /** Readers of whole replicas at a time; each holds a snapshot and a chunk. */
  replicaReadersMax: 4,
  /** Data of one message of ReadReplica, in blocks of 4 KiB. */
  chunkBlocks: 256,
  /** Of an orderly stop, all in all: below the 30 s that a kubelet gives. */
  stopMs: 20_000,
} as const;
