/** Command line and environment of the csi-node role. */
import { csiDriverName } from '../../api/names.ts';
import { parseCount, type Command, type Flags } from '../../shared/edge/flags.ts';
import { UsageError } from '../../shared/exit-codes.ts';
import { socketPath } from '../endpoint.ts';

export const attachModes = ['open-iscsi', 'qemu'] as const;
export type AttachMode = (typeof attachModes)[number];

export const command = {
  name: 'caskade csi-node',
  does: 'CSI Identity and Node services of one node; registers itself with the kubelet.',
  flags: {
    attach: {
      value: attachModes.join('|'),
      does: "how volumes are attached: the kernel's initiator, or QEMU's with FUSE and loop where the kernel has none",
      required: true,
    },
    'kubelet-dir': { value: 'PATH', does: "the kubelet's folder, default /var/lib/kubelet" },
    endpoint: {
      value: 'unix:///PATH',
      does: `CSI socket, default <kubelet dir>/plugins/${csiDriverName}/csi.sock`,
    },
    http: { value: 'HOST:PORT', does: 'health and metrics, default [::]:9500' },
    'host-pid': {
      value: 'PID',
      does: "process in the host's namespaces: 1 (default, needs hostPID), or self",
    },
  },
} as const satisfies Command<Flags>;

export interface NodeOptions {
  readonly nodeName: string;
  readonly attach: AttachMode;
  readonly socket: string;
  readonly registrationSocket: string;
  /** Where attached volumes have their files; the same path on the host. */
  readonly attachFolder: string;
  readonly http: string;
  readonly hostPid: number | 'self';
}

type Given = Readonly<Record<keyof (typeof command)['flags'], string | undefined>>;

/** Throws UsageError that names the flag or variable. */
export function readOptions(flags: Given, env: Readonly<Record<string, string | undefined>>): NodeOptions {
  const nodeName = env['NODE_NAME'] ?? '';
  if (nodeName === '')
    throw new UsageError("$NODE_NAME is not set: the chart sets it from the pod's own fields");
  const attach = attachModes.find((mode) => mode === flags.attach);
  if (attach === undefined)
    throw new UsageError(`--attach ${flags.attach} is unknown: give ${attachModes.join(' or ')}`);
  const kubelet = (flags['kubelet-dir'] ?? '/var/lib/kubelet').replace(/\/+$/, '');
  if (!kubelet.startsWith('/'))
    throw new UsageError(`--kubelet-dir ${flags['kubelet-dir']} is no absolute path: begin with /`);
  const plugin = `${kubelet}/plugins/${csiDriverName}`;
  const hostPid = flags['host-pid'] ?? '1';
  return {
    nodeName,
    attach,
    socket: socketPath('--endpoint', flags.endpoint ?? `unix://${plugin}/csi.sock`),
    registrationSocket: socketPath(
      '--kubelet-dir',
      `unix://${kubelet}/plugins_registry/${csiDriverName}-reg.sock`,
    ),
    attachFolder: `${plugin}/attach`,
    http: flags.http ?? '[::]:9500',
    hostPid: hostPid === 'self' ? 'self' : parseCount('--host-pid', hostPid, 1, 4_194_304),
  };
}
