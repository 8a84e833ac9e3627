/** Command line, configuration and limits of the target. */
import type { MembershipRecord, ReplicaAddress, TargetConfig } from '../api/target-config.ts';
import type { Command, Flag } from '../shared/edge/flags.ts';
import { tlsLinksShape } from '../shared/edge/link-tls.ts';
import { flag, integer, object, oneOf, optional, record, text, type Shape } from '../shared/shape.ts';

export const targetCommand = {
  name: 'caskade target',
  does: 'Serves one volume by iSCSI: a replicated one (--config), or memory or a file of this machine (--memory, --file).',
  flags: {
    config: { value: 'FILE', does: 'JSON, see docs/options.md' },
    memory: { value: 'SIZE', does: 'serve so much memory, zeros at first, lost at the end' },
    file: { value: 'PATH', does: 'serve this file, at its size' },
    listen: { value: 'HOST:PORT', does: 'portal of --memory and --file; port 0: a free one' },
    iqn: { value: 'IQN', does: 'target name of --memory and --file' },
    'chap-file': {
      value: 'FILE',
      does: 'lines USER SECRET and mutual USER SECRET, mode 600 (--memory, --file)',
    },
  },
} as const satisfies Command<Record<string, Flag>>;

const address = text('give HOST:PORT or unix:PATH', /^unix:.|:\d+$/);
const hostPort = text('give HOST:PORT', /:\d+$/);

const membership: Shape<MembershipRecord> = object({
  version: integer(0, Number.MAX_SAFE_INTEGER),
  members: record(text('give the GUID of the volume on that pool')),
  forced: optional(flag),
});
const replica: Shape<ReplicaAddress> = object({
  pool: text('give the name of the pool'),
  replication: address,
  copy: address,
});

export const targetConfigShape: Shape<TargetConfig> = object({
  volume: text('give the name of the volume'),
  iqn: text('give an iSCSI qualified name', /^(iqn|naa|eui)\./),
  sizeBytes: integer(4096, Number.MAX_SAFE_INTEGER),
  instance: optional(text()),
  membership,
  nextMembership: optional(membership),
  withdrawnMembership: optional(membership),
  replicas: record(replica),
  listen: object({
    iscsi: hostPort,
    admin: address,
    announce: optional(hostPort),
    http: optional(hostPort),
  }),
  advertise: optional(hostPort),
  redirect: optional(hostPort),
  keyFile: text('give the path of a file'),
  adminTokenFile: text('give the path of a file'),
  tls: optional(tlsLinksShape),
  chapFile: optional(text('give the path of a file')),
  initiators: oneOf('any', 'granted'),
  quorumWaitSeconds: optional(integer(1, 600)),
  scrubIntervalHours: optional(integer(0, 8_760)),
});

export const targetLimits = {
  /** A week. */
  scrubIntervalHours: 168,
  /** Between two messages of WatchStatus. */
  statusPauseMs: 500,
  /** Looked at this often for changes that nobody announces (sizes). */
  statusLookMs: 2_000,
  /** Configuration, certificates and CHAP files are looked at this often. */
  fileLookMs: 2_000,
  /** Of an orderly stop, all in all: below the 30 s that a kubelet gives. */
  stopMs: 20_000,
} as const;
