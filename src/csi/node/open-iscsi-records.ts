/**
 * Records of the host's open-iscsi: what it does with a session, and secrets. An interface record of ours carries the
 * initiator name that the target has been told to let in, so that the node's own name stays what it is.
 */
import type { AttachRequest, ChapSecret } from './attacher.ts';
import type { Commands } from './command.ts';

/** Name of our interface record. */
export const iface = 'caskade';

/**
 * Settings of each node record. A target that restarts is back within seconds; two minutes of patience cover a node's
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

/** Runs `iscsiadm ARGS`; throws unless it ends with 0. */
export type Admin = (args: readonly string[]) => Promise<void>;

/** Makes the records of a target anew. */
export async function writeRecords(
  host: Commands,
  admin: Admin,
  { iqn, portal, initiator, chap }: AttachRequest,
): Promise<void> {
  const interfaces = await host.tryRun(['iscsiadm', '-m', 'iface', '-I', iface]);
  if (interfaces.status !== 0) await admin(['-m', 'iface', '-I', iface, '-o', 'new']);
  const update = ['-o', 'update', '-n', 'iface.initiatorname', '-v', initiator];
  if (!interfaces.stdout.includes(`iface.initiatorname = ${initiator}\n`))
    await admin(['-m', 'iface', '-I', iface, ...update]);
  const record = ['-m', 'node', '-T', iqn, '-p', portal, '-I', iface];
  await admin([...record, '-o', 'new']);
  for (const [name, value] of Object.entries(settings))
    await admin([...record, '-o', 'update', '-n', name, '-v', value]);
  if (chap) await writeChap(host, iqn, chap);
}

/** iscsiadm takes a password as an argument only, for everybody to see in /proc: the record is written past it. */
async function writeChap(host: Commands, iqn: string, chap: ChapSecret): Promise<void> {
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
  const folder = await host.run([
    'sh',
    '-c',
    'for folder in /etc/iscsi/nodes /var/lib/iscsi/nodes; do [ -d "$folder/$1" ] && echo "$folder/$1"; done',
    'caskade-records',
    iqn,
  ]);
  await host.run(['sh', '-c', writeSecrets, 'caskade-chap', folder.trim()], { input: lines.join('\n') });
}
