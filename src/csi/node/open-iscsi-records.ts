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

/**
 * Writes the settings on standard input into the records of target $1, in place of those that match $2. iscsiadm takes one
 * setting at a time, and a password as an argument only, for everybody to see in /proc: the records are written past it.
 */
const writeSettings = `
set -eu
umask 077
settings=$(cat)
for folder in /etc/iscsi/nodes /var/lib/iscsi/nodes; do
  [ -d "$folder/$1" ] || continue
  find "$folder/$1" -type f | while read -r record; do
    grep -Ev "$2" "$record" > "$record.caskade" || true
    printf '%s\\n' "$settings" >> "$record.caskade"
    mv "$record.caskade" "$record"
  done
  found=yes
done
[ -n "\${found-}" ] || { echo "no record of $1 in /etc/iscsi/nodes and /var/lib/iscsi/nodes" >&2; exit 1; }
`;
const replaced = `^(${Object.keys(settings)
  .map((name) => name.replaceAll(/[.[\]]/g, String.raw`\$&`))
  .join('|')}|node\\.session\\.auth\\.[a-z_]+) =`;

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
  await admin(['-m', 'node', '-T', iqn, '-p', portal, '-I', iface, '-o', 'new']);
  const lines = Object.entries({ ...settings, ...authOf(chap) }).map(([name, value]) => `${name} = ${value}`);
  await host.run(['sh', '-c', writeSettings, 'caskade-records', iqn, replaced], { input: lines.join('\n') });
}

function authOf(chap: ChapSecret | undefined): Readonly<Record<string, string>> {
  if (chap === undefined) return {};
  const auth = 'node.session.auth';
  return {
    [`${auth}.authmethod`]: 'CHAP',
    [`${auth}.username`]: chap.user,
    [`${auth}.password`]: chap.secret,
    ...(chap.mutual
      ? { [`${auth}.username_in`]: chap.mutual.user, [`${auth}.password_in`]: chap.mutual.secret }
      : {}),
  };
}
