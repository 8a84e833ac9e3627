/**
 * One qemu-storage-daemon per volume: an iSCSI session on one side, a file that FUSE provides on the other. It runs in
 * the host's namespaces and in a cgroup of its own, so that it outlives the container that started it: the file system
 * above dies with it.
 */
import { readdir, readFile } from 'node:fs/promises';
import type { AttachRequest } from './attacher.ts';
import type { Commands } from './command.ts';

/** Where the things of one volume are; the same paths here and on the host. */
export interface DaemonPaths {
  readonly folder: string;
  /** The volume's content as a file. */
  readonly file: string;
  readonly monitor: string;
  readonly secret: string;
  /** Name of its cgroup below `caskade/`. */
  readonly cgroup: string;
}

export const qemuProgram = 'qemu-storage-daemon';
const node = 'volume';

/**
 * For libiscsi: give a connection attempt up after one repeated SYN (3 s). The kernel's default is two minutes, and a
 * Service pins an attempt to the pod that it first chose, which may be the dead one.
 */
const environment = ['LIBISCSI_TCP_SYNCNT=1'];

/** A comma ends an option of QEMU; a doubled one stands for itself. */
const escape = (value: string): string => value.replaceAll(',', ',,');

/** QEMU's command line. Pure. Secrets are named by file. */
export function daemonArguments(request: AttachRequest, paths: DaemonPaths): readonly string[] {
  const { chap } = request;
  return [
    qemuProgram,
    '--daemonize',
    ...(chap ? ['--object', `secret,id=chap,file=${escape(paths.secret)}`] : []),
    '--blockdev',
    [
      'driver=iscsi',
      `node-name=${node}`,
      'transport=tcp',
      `portal=${escape(request.portal)}`,
      `target=${escape(request.iqn)}`,
      `lun=${request.lun}`,
      `initiator-name=${escape(request.initiator)}`,
      'discard=unmap',
      'cache.direct=on',
      'cache.no-flush=off',
      ...(request.readOnly ? ['read-only=on'] : []),
      ...(chap ? [`user=${escape(chap.user)}`, 'password-secret=chap'] : []),
    ].join(','),
    '--export',
    `type=fuse,id=file,node-name=${node},mountpoint=${escape(paths.file)},writable=${request.readOnly ? 'off' : 'on'},growable=off`,
    '--chardev',
    `socket,id=monitor,path=${escape(paths.monitor)},server=on,wait=off`,
    '--monitor',
    'chardev=monitor',
  ];
}

/** What tells the monitor that the volume has grown; `sizeBytes` must be its real new size. */
export const resizeCommand = (sizeBytes: number) => ({
  execute: 'block_resize',
  arguments: { 'node-name': node, size: sizeBytes },
});

/**
 * Moves itself into cgroup `caskade/<$1>` of every hierarchy (version 1, 2 or both), then becomes the daemon. Before it
 * starts, so that it never is where the container's end would find it.
 */
const inOwnCgroup = `
set -eu
name=$1
shift
while read -r _ point type _; do
  case $type in cgroup | cgroup2) ;; *) continue ;; esac
  for group in "$point/caskade" "$point/caskade/$name"; do
    mkdir -p "$group"
    for file in cpuset.cpus cpuset.mems; do
      # Version 1 wants both filled before anybody moves in.
      if [ "$type" = cgroup ] && [ -e "$group/$file" ]; then cat "$group/../$file" > "$group/$file"; fi
    done
  done
  echo $$ > "$group/cgroup.procs"
done < /proc/mounts
exec "$@"
`;
const removeCgroup = `
while read -r _ point type _; do
  case $type in cgroup | cgroup2) rmdir "$point/caskade/$1" "$point/caskade" 2> /dev/null || true ;; esac
done < /proc/mounts
`;

/** Resolves once the file serves the volume's content; rejects with CommandError, whose stderr is QEMU's. */
export const startDaemon = (host: Commands, request: AttachRequest, paths: DaemonPaths): Promise<string> =>
  host.run(
    [
      'sh',
      '-c',
      inOwnCgroup,
      'caskade-attach',
      paths.cgroup,
      'env',
      ...environment,
      ...daemonArguments(request, paths),
    ],
    {
      timeoutMs: 30_000,
    },
  );

/** Its cgroup is empty once it is gone. */
export const forgetCgroup = (host: Commands, paths: DaemonPaths): Promise<unknown> =>
  host.tryRun(['sh', '-c', removeCgroup, 'caskade-detach', paths.cgroup]);

/** Processes that serve `file`, by their command line: a pid in a file may be somebody else's by now. */
export async function findDaemons(procFolder: string, file: string): Promise<readonly number[]> {
  const pids = (await readdir(procFolder)).filter((name) => /^\d+$/.test(name));
  const commandLines = await Promise.all(
    pids.map((pid) => readFile(`${procFolder}/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids
    .filter((_, i) => {
      const argv = (commandLines[i] ?? '').split('\0');
      return (
        (argv[0] ?? '').endsWith(qemuProgram) &&
        argv.some((argument) => argument.includes(`,mountpoint=${escape(file)},`))
      );
    })
    .map(Number);
}
