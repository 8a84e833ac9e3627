/**
 * Attach by the Linux kernel's initiator: the host's own iscsiadm and iscsid (open-iscsi), run in the host's namespaces.
 * The session belongs to the kernel and outlives this process. An interface record of ours carries the initiator name
 * that the target has been told to let in, so that the node's own name stays what it is.
 */
import { writeFile } from 'node:fs/promises';
import { targetIqn } from '../../api/names.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { Log } from '../../shared/log.ts';
import type { Attacher, Attachment, AttachRequest, ChapSecret } from './attacher.ts';
import { CommandError, type Commands } from './command.ts';
import { listIscsiSessions, type IscsiSession } from './open-iscsi-sessions.ts';
import { until } from './until.ts';

/** Name of our interface record. */
const iface = 'caskade';
/** Exit statuses of iscsiadm (iscsiadm(8)). */
const iscsi = { sessionExists: 15, noObjects: 21, notConnected: 20, noDaemon: 18, loginAuth: 24 } as const;

/**
 * Record settings of each node. A target that restarts is back within seconds; two minutes of patience cover a node's
 * death, and then the file system hears of it instead of hanging for ever.
 */
const settings: Readonly<Record<string, string>> = {
  'node.startup': 'manual',
  'node.session.timeo.replacement_timeout': '120',
  'node.conn[0].timeo.login_timeout': '15',
  'node.conn[0].timeo.noop_out_interval': '5',
  'node.conn[0].timeo.noop_out_timeout': '10',
  'node.session.initial_login_retry_max': '3',
  'node.session.scan': 'auto',
};

/** Replaces settings in the record files below $1 by those on standard input, where argv does not show them. */
const writeSecrets = `
set -eu
umask 077
secrets=$(cat)
find "$1" -type f | while read -r record; do
  grep -v '^node\\.session\\.auth\\.' "$record" > "$record.caskade" || true
  printf '%s\\n' "$secrets" >> "$record.caskade"
  mv "$record.caskade" "$record"
done
`;

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
      await this.#writeRecords(request);
      await this.#login(request);
    } else if (!found.disks.has(request.lun)) {
      await this.#admin(['-m', 'session', '-r', found.name.replace('session', ''), '--rescan']);
    }
    const disk = await until(
      `LUN ${request.lun} of ${request.iqn} has a disk`,
      { timeoutMs: 20_000, everyMs: 200 },
      async () => (await this.#session(request.iqn))?.disks.get(request.lun),
    );
    return { devicePath: `/dev/${disk}`, problem: undefined };
  }

  async find(volume: string): Promise<Attachment | undefined> {
    const session = await this.#session(targetIqn(volume));
    const disk = session?.disks.get(0);
    if (session === undefined || disk === undefined) return undefined;
    return {
      devicePath: `/dev/${disk}`,
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
    await until(`/dev/${disk} has ${sizeBytes} bytes`, { timeoutMs: 10_000, everyMs: 200 }, async () =>
      Number(await this.#host.run(['blockdev', '--getsize64', `/dev/${disk}`])) >= sizeBytes
        ? true
        : undefined,
    );
  }

  async detach(volume: string): Promise<void> {
    const iqn = targetIqn(volume);
    // Not only when a session is seen: a record without one would log in at the next start of the node.
    await this.#admin(['-m', 'node', '-T', iqn, '--logout'], [iscsi.noObjects, iscsi.notConnected]);
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
    throw new CommandError(argv, status, stderr || stdout);
  }

  async #writeRecords({ iqn, portal, initiator, chap }: AttachRequest): Promise<void> {
    const interfaces = await this.#host.tryRun(['iscsiadm', '-m', 'iface', '-I', iface]);
    if (interfaces.status !== 0) await this.#admin(['-m', 'iface', '-I', iface, '-o', 'new']);
    const update = ['-o', 'update', '-n', 'iface.initiatorname', '-v', initiator];
    if (!interfaces.stdout.includes(`iface.initiatorname = ${initiator}\n`))
      await this.#admin(['-m', 'iface', '-I', iface, ...update]);
    const record = ['-m', 'node', '-T', iqn, '-p', portal, '-I', iface];
    await this.#admin([...record, '-o', 'new']);
    for (const [name, value] of Object.entries(settings))
      await this.#admin([...record, '-o', 'update', '-n', name, '-v', value]);
    if (chap) await this.#writeChap(iqn, chap);
  }

  /** iscsiadm takes a password as an argument only, for everybody to see in /proc: the record is written past it. */
  async #writeChap(iqn: string, chap: ChapSecret): Promise<void> {
    const lines = [
      'node.session.auth.authmethod = CHAP',
      `node.session.auth.username = ${chap.user}`,
      `node.session.auth.password = ${chap.secret}`,
      ...(chap.mutual
        ? [
            `node.session.auth.username_in = ${chap.mutual.user}`,
            `node.session.auth.password_in = ${chap.mutual.secret}`,
          ]
        : []),
    ];
    const folder = await this.#host.run([
      'sh',
      '-c',
      'for folder in /etc/iscsi/nodes /var/lib/iscsi/nodes; do [ -d "$folder/$1" ] && echo "$folder/$1"; done',
      'caskade-records',
      iqn,
    ]);
    await this.#host.run(['sh', '-c', writeSecrets, 'caskade-chap', folder.trim()], {
      input: lines.join('\n'),
    });
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
      if (error.code === iscsi.noDaemon)
        throw new StatusError('FAILED_PRECONDITION', (await this.readiness()) ?? error.message);
      throw new StatusError('UNAVAILABLE', `no session with ${iqn} at ${portal}: ${error.message}`);
    }
  }
}
