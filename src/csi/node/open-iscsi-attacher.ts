/**
 * Attach by the Linux kernel's initiator: the host's own iscsiadm and iscsid (open-iscsi), run in the host's namespaces.
 * The session belongs to the kernel and outlives this process.
 */
import { writeFile } from 'node:fs/promises';
import { targetIqn } from '../../api/names.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { Log } from '../../shared/log.ts';
import type { Attacher, Attachment, AttachRequest } from './attacher.ts';
import { CommandError, type Commands } from './command.ts';
import { awaitMap, growMap, mapOf, removeMap } from './multipath.ts';
import { iface, writeRecords } from './open-iscsi-records.ts';
import { listIscsiSessions, type IscsiSession } from './open-iscsi-sessions.ts';
import { until } from './until.ts';

/** Exit statuses of iscsiadm (iscsiadm(8)). */
const iscsi = {
  sessionNotFound: 2,
  sessionExists: 15,
  daemonNotReached: 18,
  daemonNotConnected: 20,
  noObjects: 21,
  loginAuth: 24,
} as const;

export interface OpenIscsiOptions {
  readonly host: Commands;
  readonly log: Log;
  /** /sys, for tests. */
  readonly sys?: string;
}

export class OpenIscsiAttacher implements Attacher {
  readonly name = 'open-iscsi';
  readonly volumesMax = 200;
  readonly #host: Commands;
  readonly #log: Log;
  readonly #sys: string;

  constructor(options: OpenIscsiOptions) {
    this.#host = options.host;
    this.#log = options.log.with({ attach: this.name });
    this.#sys = options.sys ?? '/sys';
  }

  async readiness(): Promise<string | undefined> {
    const install =
      'install open-iscsi (Debian, Ubuntu) or iscsi-initiator-utils (RHEL, SUSE: open-iscsi) on this node';
    const shell = (script: string) => this.#host.tryRun(['sh', '-c', script]);
    if ((await shell('command -v iscsiadm')).status !== 0) return `iscsiadm is not on the host: ${install}`;
    if ((await shell('[ -d /sys/module/iscsi_tcp ] || modprobe iscsi_tcp')).status !== 0)
      return 'the kernel has no iscsi_tcp: load it with modprobe iscsi_tcp, or install the kernel modules of this node';
    // Socket activation starts iscsid at the first call; without systemd it must run.
    if ((await shell('pidof iscsid || systemctl is-active --quiet iscsid.socket')).status !== 0)
      return 'iscsid does not run on the host: run systemctl enable --now iscsid on this node';
    return undefined;
  }

  async attach(request: AttachRequest): Promise<Attachment> {
    const found = await this.#session(request.iqn);
    if (found === undefined) {
      await writeRecords(this.#host, (args) => this.#admin(args), request);
      await this.#login(request);
    } else if (!found.disks.has(request.lun)) {
      await this.#admin(['-m', 'session', '-r', found.name.replace('session', ''), '--rescan']);
    }
    // A session that waits for its target answers no read: whoever looked at the disk would hang with it.
    const disk = await until(
      `LUN ${request.lun} of ${request.iqn} has a disk and its target answers`,
      { timeoutMs: 20_000, everyMs: 200 },
      async () => {
        const session = await this.#session(request.iqn);
        return session?.state === 'LOGGED_IN' ? session.disks.get(request.lun) : undefined;
      },
    );
    const map = await awaitMap(this.#host, disk, this.#sys);
    return { devicePath: map?.devicePath ?? `/dev/${disk}`, problem: undefined };
  }

  async find(volume: string): Promise<Attachment | undefined> {
    const session = await this.#session(targetIqn(volume));
    const disk = session?.disks.get(0);
    if (session === undefined || disk === undefined) return undefined;
    return {
      devicePath: (await mapOf(disk, this.#sys))?.devicePath ?? `/dev/${disk}`,
      problem:
        session.state === 'LOGGED_IN'
          ? undefined
          : `the iSCSI session is ${session.state}: the target is not reached from this node`,
    };
  }

  async rescan(volume: string, sizeBytes: number): Promise<void> {
    const session = await this.#session(targetIqn(volume));
    const disk = session?.disks.get(0);
    if (session === undefined || disk === undefined)
      throw new StatusError('FAILED_PRECONDITION', `${volume} is not attached here`);
    await writeFile(`${this.#sys}/block/${disk}/device/rescan`, '1');
    const map = await mapOf(disk, this.#sys);
    if (map !== undefined) await growMap(this.#host, map);
    const device = map?.devicePath ?? `/dev/${disk}`;
    await until(`${device} has ${sizeBytes} bytes`, { timeoutMs: 10_000, everyMs: 200 }, async () =>
      Number(await this.#host.run(['blockdev', '--getsize64', device])) >= sizeBytes ? true : undefined,
    );
  }

  async detach(volume: string): Promise<void> {
    const iqn = targetIqn(volume);
    for (const disk of (await this.#session(iqn))?.disks.values() ?? []) {
      const map = await mapOf(disk, this.#sys);
      if (map !== undefined) await removeMap(this.#host, map);
    }
    // Not only when a session is seen: a record is to go too.
    await this.#admin(['-m', 'node', '-T', iqn, '--logout'], [iscsi.noObjects, iscsi.sessionNotFound]);
    await until(`no session with ${iqn}`, { timeoutMs: 10_000, everyMs: 200 }, async () =>
      (await this.#session(iqn)) === undefined ? true : undefined,
    );
    await this.#admin(['-m', 'node', '-T', iqn, '-o', 'delete'], [iscsi.noObjects]);
  }

  /** Sessions belong to the kernel: nothing of them is ours to clean, and the kubelet asks for what it needs. */
  recover(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  async #session(iqn: string): Promise<IscsiSession | undefined> {
    return (await listIscsiSessions(this.#sys)).find((session) => session.iqn === iqn);
  }

  async #admin(args: readonly string[], tolerated: readonly number[] = []): Promise<void> {
    const argv = ['iscsiadm', ...args];
    const { status, stderr, stdout } = await this.#host.tryRun(argv, { timeoutMs: 60_000 });
    if (status === 0 || tolerated.includes(status)) return;
    const error = new CommandError(argv, status, stderr || stdout);
    if (status === iscsi.daemonNotReached || status === iscsi.daemonNotConnected)
      throw new StatusError('FAILED_PRECONDITION', (await this.readiness()) ?? error.message);
    throw error;
  }

  async #login({ volume, iqn, portal }: AttachRequest): Promise<void> {
    try {
      await this.#admin(
        ['-m', 'node', '-T', iqn, '-p', portal, '-I', iface, '--login'],
        [iscsi.sessionExists],
      );
      this.#log.info('attached', { volume, portal });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (error.code === iscsi.loginAuth)
        throw new StatusError('UNAUTHENTICATED', `${iqn} refused the login: check the node-stage secret`);
      throw new StatusError('UNAVAILABLE', `no session with ${iqn} at ${portal}: ${error.message}`);
    }
  }
}
