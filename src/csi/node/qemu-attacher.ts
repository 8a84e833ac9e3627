/**
 * Attach without an initiator in the kernel: qemu-storage-daemon logs in and shows the LUN as a file by FUSE, a loop
 * device makes a block device of the file. For kernels without iSCSI, chosen by `--attach qemu` and never by itself.
 *
 *      target ──iSCSI── qemu-storage-daemon ──FUSE── <folder>/disk.<node> ──loop── /dev/loopN ── file system
 *
 * QEMU 7.2's FUSE export mixes up data of concurrent writes; with max_background=1 the kernel sends one at a time.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { StatusError } from '../../shared/grpc/status-error.ts';
import { mountAt, parseMountInfo, type MountEntry } from '../../shared/mount-info.ts';
import type { Log } from '../../shared/log.ts';
import { isVolumeName, type Attacher, type Attachment, type AttachRequest } from './attacher.ts';
import { CommandError, type Commands } from './command.ts';
import { attachLoop, detachLoop, growLoop, listLoopDevices, type LoopDevice } from './loop-devices.ts';
import {
  findDaemons,
  forgetCgroup,
  qemuProgram,
  resizeCommand,
  startDaemon,
  type DaemonPaths,
} from './qemu-daemon.ts';
import { qmp } from './qmp.ts';
import { until } from './until.ts';

export interface QemuAttacherOptions {
  /** Folder of ours, with the same path on the host: `<kubelet dir>/plugins/<driver>/attach`. */
  readonly folder: string;
  readonly nodeName: string;
  readonly host: Commands;
  /** Process whose mounts are the host's; its /proc has the daemons. */
  readonly hostPid: number | 'self';
  readonly log: Log;
}

/** What there is of one volume right now. */
interface Seen {
  readonly daemons: readonly number[];
  /** The FUSE mount on the volume's file. */
  readonly served: MountEntry | undefined;
  readonly loop: LoopDevice | undefined;
}

const startsMax = 3;

export class QemuAttacher implements Attacher {
  readonly name = 'qemu';
  readonly volumesMax = 32;
  readonly #folder: string;
  readonly #nodeName: string;
  readonly #host: Commands;
  readonly #procOfHost: string;
  readonly #log: Log;

  constructor(options: QemuAttacherOptions) {
    this.#folder = options.folder;
    this.#nodeName = options.nodeName;
    this.#host = options.host;
    this.#procOfHost = `/proc/${options.hostPid}`;
    this.#log = options.log.with({ attach: this.name });
  }

  async readiness(): Promise<string | undefined> {
    for (const [program, remedy] of [
      [qemuProgram, 'install qemu-system-common and qemu-block-extra on this node'],
      ['losetup', 'install util-linux on this node'],
    ] as const) {
      const found = await this.#host.tryRun(['sh', '-c', `command -v ${program}`]);
      if (found.status !== 0) return `${program} is not on the host: ${remedy}`;
    }
    const fileSystems = await readFile('/proc/filesystems', 'utf8');
    return /\bfuse$/m.test(fileSystems)
      ? undefined
      : 'the kernel has no FUSE: run modprobe fuse on this node';
  }

  async attach(request: AttachRequest): Promise<Attachment> {
    if (request.chap?.mutual)
      throw new StatusError('FAILED_PRECONDITION', 'mutual CHAP needs --attach open-iscsi: QEMU has none');
    const paths = this.#paths(request.volume);
    let seen = await this.#look(paths);
    if (seen.daemons.length !== 1 || seen.served === undefined) {
      // Something is missing or broken: whatever is left of it can not serve any more.
      await this.#clear(paths, seen);
      seen = await this.#start(request, paths);
    }
    if (seen.served === undefined) throw new StatusError('UNAVAILABLE', `${paths.file} is not served`);
    await this.#oneRequestAtATime(seen.served);
    const devicePath = seen.loop?.path ?? (await attachLoop(this.#host, paths.file, request.readOnly));
    return { devicePath, problem: undefined };
  }

  async find(volume: string): Promise<Attachment | undefined> {
    const seen = await this.#look(this.#paths(volume));
    if (seen.loop === undefined) return undefined;
    const problem =
      seen.daemons.length === 0
        ? `the ${qemuProgram} of this volume has died: delete the pod, so that the volume is unmounted and attached again`
        : seen.served === undefined
          ? 'the FUSE mount of this volume is gone: delete the pod, so that the volume is attached again'
          : undefined;
    return { devicePath: seen.loop.path, problem };
  }

  async rescan(volume: string, sizeBytes: number): Promise<void> {
    const paths = this.#paths(volume);
    const seen = await this.#look(paths);
    if (seen.loop === undefined)
      throw new StatusError('FAILED_PRECONDITION', `${volume} is not attached here`);
    await qmp(paths.monitor, resizeCommand(sizeBytes));
    const { path } = seen.loop;
    // FUSE remembers a file's size for a second.
    await until(`${path} has ${sizeBytes} bytes`, { timeoutMs: 10_000, everyMs: 500 }, async () => {
      await growLoop(this.#host, path);
      return Number(await this.#host.run(['blockdev', '--getsize64', path])) >= sizeBytes ? true : undefined;
    });
  }

  async detach(volume: string): Promise<void> {
    const paths = this.#paths(volume);
    await this.#clear(paths, await this.#look(paths));
  }

  async recover(): Promise<readonly string[]> {
    const volumes = await readdir(this.#folder).catch(() => []);
    const done: string[] = [];
    for (const volume of volumes.filter(isVolumeName)) {
      try {
        done.push(`${volume}: ${await this.#recoverOne(this.#paths(volume))}`);
      } catch (error) {
        // The others are served all the same, and the kubelet's next call for this one tries again.
        done.push(`${volume}: not cleaned (${(error as Error).message})`);
      }
    }
    return done;
  }

  async #recoverOne(paths: DaemonPaths): Promise<string> {
    const seen = await this.#look(paths);
    if (seen.daemons.length === 1 && seen.served !== undefined) return 'adopted';
    if (seen.loop !== undefined && (await this.#isMounted(seen.loop)))
      return 'its daemon is gone and its file system is mounted, left for unstage';
    const mounts = parseMountInfo(await readFile(`${this.#procOfHost}/mountinfo`, 'utf8'));
    if (mounts.some(({ point }) => point.startsWith(`${paths.folder}/`) && point !== paths.file))
      return 'attached by another version of this program, left alone: delete its pod, then its folder';
    await this.#clear(paths, seen);
    return 'removed what was left of it';
  }

  #paths(volume: string): DaemonPaths {
    if (!isVolumeName(volume))
      throw new StatusError(
        'INVALID_ARGUMENT',
        `volume ${volume} is no DNS name: use one that CreateVolume gave`,
      );
    const folder = `${this.#folder}/${volume}`;
    // A socket's path has 107 bytes at most, so it is not inside the volume's folder.
    const short = createHash('sha256').update(volume).digest('hex').slice(0, 12);
    return {
      folder,
      // Loop devices are the machine's: where several nodes share one, each must know its own by their file.
      file: `${folder}/disk.${this.#nodeName}`,
      secret: `${folder}/chap`,
      monitor: `${this.#folder}/.${short}`,
      cgroup: `attach-${short}`,
    };
  }

  async #look(paths: DaemonPaths): Promise<Seen> {
    const daemons = await findDaemons('/proc', paths.file);
    const mounts = parseMountInfo(await readFile(`${this.#procOfHost}/mountinfo`, 'utf8'));
    const served = mountAt(mounts, paths.file);
    // By the number of the FUSE file system while it is mounted: an earlier one had the same path.
    const loops = await listLoopDevices(this.#host);
    const loop =
      served === undefined
        ? loops.find(({ file }) => file === paths.file || file === `${paths.file} (deleted)`)
        : loops.find(({ fileSystem }) => fileSystem === served.number);
    return { daemons, served, loop };
  }

  async #start(request: AttachRequest, paths: DaemonPaths): Promise<Seen> {
    await mkdir(paths.folder, { recursive: true, mode: 0o700 });
    await writeFile(paths.file, '', { flag: 'a', mode: 0o600 });
    for (let tries = 1; ; tries++) {
      try {
        if (request.chap) await writeFile(paths.secret, request.chap.secret, { mode: 0o600 });
        await startDaemon(this.#host, request, paths);
        break;
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        const failure = attachFailure(request, error);
        const isLast = failure.code !== 'UNAVAILABLE' || tries === startsMax;
        await this.#clear(paths, await this.#look(paths), { keepFolder: !isLast });
        if (isLast) throw failure;
        this.#log.info('attach failed, once more', {
          volume: request.volume,
          tries,
          reason: failure.message,
        });
        await delay(500 * tries);
      } finally {
        await rm(paths.secret, { force: true });
      }
    }
    const seen = await until(
      `${paths.file} is served`,
      { timeoutMs: 5_000, everyMs: 100 },
      async (): Promise<Seen | undefined> => {
        const now = await this.#look(paths);
        return now.served === undefined ? undefined : now;
      },
    );
    this.#log.info('attached', { volume: request.volume, portal: request.portal, pid: seen.daemons[0] });
    return seen;
  }

  /** See the head of this file. Must come before the first write. */
  async #oneRequestAtATime(served: MountEntry): Promise<void> {
    const control = '/sys/fs/fuse/connections';
    const [, minor = ''] = served.number.split(':');
    const limit = `${control}/${minor}/max_background`;
    const set = () => writeFile(limit, '1');
    try {
      await set();
    } catch {
      // fusectl is not mounted here: it shows the same connections wherever it is.
      await this.#host.tryRun(['mount', '-t', 'fusectl', 'fusectl', control]);
      const done = await this.#host.tryRun(['sh', '-c', `echo 1 > ${limit}`]);
      if (done.status !== 0)
        throw new StatusError('INTERNAL', `${limit} can not be set: ${done.stderr.trim()}`);
    }
  }

  /** From the top down; ends with nothing of the volume left. Rejects when its device is still in use. */
  async #clear(paths: DaemonPaths, seen: Seen, options: { keepFolder?: boolean } = {}): Promise<void> {
    if (seen.loop !== undefined) {
      const { path, fileSystem } = seen.loop;
      await detachLoop(this.#host, path);
      await until(`${path} is free`, { timeoutMs: 5_000, everyMs: 100 }, async () => {
        const now = await listLoopDevices(this.#host);
        return now.some((loop) => loop.path === path && loop.fileSystem === fileSystem) ? undefined : true;
      });
    }
    await this.#end(paths, seen.daemons);
    for (let mounts = 0; mounts < 8 && (await this.#look(paths)).served !== undefined; mounts++)
      await this.#host.run(['umount', '-l', paths.file]);
    await rm(paths.monitor, { force: true });
    await rm(paths.secret, { force: true });
    if (!options.keepFolder) await rm(paths.folder, { recursive: true, force: true });
    await forgetCgroup(this.#host, paths);
  }

  /** SIGTERM lets it log out; one that hangs on a dead target is killed. */
  async #end(paths: DaemonPaths, pids: readonly number[]): Promise<void> {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const left = await findDaemons('/proc', paths.file);
      if (left.length === 0) return;
      for (const pid of left) this.#kill(pid, signal);
      await until(`the daemon ${pids.join(', ')} has ended`, { timeoutMs: 8_000, everyMs: 100 }, async () =>
        (await findDaemons('/proc', paths.file)).length === 0 ? true : undefined,
      ).catch(() => undefined);
    }
    if ((await findDaemons('/proc', paths.file)).length > 0)
      throw new StatusError('UNAVAILABLE', `the ${qemuProgram} of ${paths.file} does not end`);
  }

  #kill(pid: number, signal: NodeJS.Signals): void {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  async #isMounted(loop: LoopDevice): Promise<boolean> {
    const mounts = parseMountInfo(await readFile(`${this.#procOfHost}/mountinfo`, 'utf8'));
    const name = loop.path.slice('/dev/'.length);
    return mounts.some(({ source, root }) => source === loop.path || root === `/${name}`);
  }
}

/** QEMU's words for what went wrong, as the code that tells the kubelet whether to try again. */
function attachFailure(request: AttachRequest, error: CommandError): StatusError {
  const said = error.stderr.trim().split('\n').at(-1) ?? '';
  const where = `${request.iqn} at ${request.portal}`;
  if (/authentication failure/i.test(error.stderr))
    return new StatusError(
      'UNAUTHENTICATED',
      `${where} refused the CHAP secret: check the node-stage secret`,
    );
  if (error.code === 'ENOENT' || /not found$/m.test(error.stderr))
    return new StatusError('FAILED_PRECONDITION', `${error.message}: install it on this node`);
  return new StatusError('UNAVAILABLE', `no session with ${where}: ${said || error.message}`);
}

const delay = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
