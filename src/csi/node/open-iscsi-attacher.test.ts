import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../shared/log.ts';
import type { CommandOptions, CommandResult, Commands } from './command.ts';
import { CommandError } from './command.ts';
import { OpenIscsiAttacher } from './open-iscsi-attacher.ts';

let sys = '';
beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), 'caskade-sys-'));
});
afterEach(() => rmSync(sys, { recursive: true }));

const iqn = 'iqn.2016-09.com.openebs.cstor:pvc-1';
const request = {
  volume: 'pvc-1',
  portal: '10.0.0.7:3260',
  iqn,
  lun: 0,
  initiator: 'iqn.2016-09.com.openebs.csi:node-1',
  readOnly: false,
};

/** A session as the kernel shows it. */
function makeSession(name: string, target: string, disk: string | undefined, state = 'LOGGED_IN') {
  const session = join(sys, 'class/iscsi_session', name);
  mkdirSync(join(session, 'device'), { recursive: true });
  writeFileSync(join(session, 'targetname'), `${target}\n`);
  writeFileSync(join(session, 'initiatorname'), `${request.initiator}\n`);
  writeFileSync(join(session, 'state'), `${state}\n`);
  if (disk !== undefined)
    mkdirSync(join(session, 'device/target2:0:0/2:0:0:0/block', disk), { recursive: true });
}

/** A host that writes down what is run there; `answers` begin with the words of a command. */
class FakeHost implements Commands {
  readonly ran: string[] = [];
  readonly inputs: string[] = [];
  readonly answers: [begins: string, result: Partial<CommandResult>, then?: () => void][] = [];

  tryRun(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const line = argv.join(' ');
    this.ran.push(line);
    if (options.input !== undefined) this.inputs.push(options.input);
    const [, result, then] = this.answers.find(([begins]) => line.startsWith(begins)) ?? [];
    then?.();
    return Promise.resolve({ status: 0, stdout: '', stderr: '', ...result });
  }
  async run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
    const result = await this.tryRun(argv, options);
    if (result.status !== 0) throw new CommandError(argv, result.status, result.stderr);
    return result.stdout;
  }
}

function open() {
  const host = new FakeHost();
  return { host, attacher: new OpenIscsiAttacher({ host, log: silentLog, sys }) };
}
const noMultipath: [string, Partial<CommandResult>] = ['sh -c pidof multipathd', { status: 1 }];
const login = `iscsiadm -m node -T ${iqn} -p 10.0.0.7:3260 -I caskade --login`;

test('attach makes the interface with our initiator name, the record, and logs in', async () => {
  const { host, attacher } = open();
  host.answers.push(
    ['iscsiadm -m iface -I caskade -o', {}],
    ['iscsiadm -m iface -I caskade', { status: 21 }],
  );
  host.answers.push([login, {}, () => makeSession('session3', iqn, 'sdb')], noMultipath);
  await expect(attacher.attach(request)).resolves.toEqual({ devicePath: '/dev/sdb', problem: undefined });
  expect(host.ran).toEqual(
    expect.arrayContaining([
      'iscsiadm -m iface -I caskade -o new',
      'iscsiadm -m iface -I caskade -o update -n iface.initiatorname -v iqn.2016-09.com.openebs.csi:node-1',
      `iscsiadm -m node -T ${iqn} -p 10.0.0.7:3260 -I caskade -o new`,
      login,
    ]),
  );
  expect(host.inputs.join('\n')).toMatch(/^node\.session\.timeo\.replacement_timeout = 120$/m);
});

test('a session that is there is used as it is', async () => {
  makeSession('session3', iqn, 'sdb');
  makeSession('session4', 'iqn.other', 'sdc');
  const { host, attacher } = open();
  host.answers.push(noMultipath);
  await expect(attacher.attach(request)).resolves.toMatchObject({ devicePath: '/dev/sdb' });
  expect(host.ran.filter((line) => line.startsWith('iscsiadm'))).toEqual([]);
});

test('a password goes to the record by standard input, never as an argument', async () => {
  const { host, attacher } = open();
  host.answers.push([login, {}, () => makeSession('session1', iqn, 'sdb')], noMultipath);
  await attacher.attach({
    ...request,
    chap: { user: 'u', secret: 'correct-horse', mutual: { user: 'm', secret: 'battery' } },
  });
  expect(host.ran.join('\n')).not.toMatch(/correct-horse|battery/);
  const auth = host.inputs
    .join('\n')
    .split('\n')
    .filter((line) => line.startsWith('node.session.auth'));
  expect(auth).toEqual([
    'node.session.auth.authmethod = CHAP',
    'node.session.auth.username = u',
    'node.session.auth.password = correct-horse',
    'node.session.auth.username_in = m',
    'node.session.auth.password_in = battery',
  ]);
});

test('a disk that multipathd has taken is used through its map, which goes before the session', async () => {
  const { host, attacher } = open();
  host.answers.push([
    login,
    {},
    () => {
      makeSession('session1', iqn, 'sdb');
      mkdirSync(join(sys, 'block/sdb/holders/dm-4'), { recursive: true });
      mkdirSync(join(sys, 'block/dm-4/dm'), { recursive: true });
      writeFileSync(join(sys, 'block/dm-4/dm/uuid'), 'mpath-36ca5cad\n');
      writeFileSync(join(sys, 'block/dm-4/dm/name'), 'mpatha\n');
    },
  ]);
  await expect(attacher.attach(request)).resolves.toMatchObject({ devicePath: '/dev/dm-4' });
  await expect(attacher.find('pvc-1')).resolves.toMatchObject({ devicePath: '/dev/dm-4' });
  const logout = `iscsiadm -m node -T ${iqn} --logout`;
  host.answers.push([logout, {}, () => rmSync(join(sys, 'class'), { recursive: true })]);
  await attacher.detach('pvc-1');
  expect(host.ran.slice(-3, -1)).toEqual(['multipath -f mpatha', logout]);
});

// prettier-ignore
test.each([
  // iscsiadm --login ends with         the kubelet hears
  [{ status: 24, stderr: 'auth' },      'UNAUTHENTICATED'],
  [{ status: 8, stderr: 'timed out' },  'UNAVAILABLE'],
  [{ status: 18, stderr: 'no iscsid' }, 'FAILED_PRECONDITION'],
  [{ status: 20, stderr: 'no iscsid' }, 'FAILED_PRECONDITION'],
] as const)('a login that ends with %j: %s', async (result, code) => {
  const { host, attacher } = open();
  host.answers.push([login, result]);
  await expect(attacher.attach(request)).rejects.toMatchObject({ code });
});

test('find reads the session: its disk, and whether it is logged in', async () => {
  const { attacher } = open();
  await expect(attacher.find('pvc-1')).resolves.toBeUndefined();
  makeSession('session1', iqn, 'sdb', 'FAILED');
  await expect(attacher.find('pvc-1')).resolves.toMatchObject({
    devicePath: '/dev/sdb',
    problem: 'the iSCSI session is FAILED: the target is not reached from this node',
  });
});

test('detach logs out and forgets the record, also when nothing is there', async () => {
  const { host, attacher } = open();
  host.answers.push(
    [`iscsiadm -m node -T ${iqn} --logout`, { status: 21 }],
    [`iscsiadm -m node -T ${iqn} -o delete`, { status: 21 }],
  );
  await attacher.detach('pvc-1');
  expect(host.ran).toEqual([`iscsiadm -m node -T ${iqn} --logout`, `iscsiadm -m node -T ${iqn} -o delete`]);
});

// prettier-ignore
test.each([
  // what the host answers                                                    what people read
  [[['sh -c command -v iscsiadm', { status: 127 }]],                          'iscsiadm is not on the host: install open-iscsi'],
  [[['sh -c [ -d /sys/module', { status: 1 }]],                               'the kernel has no iscsi_tcp: load it with modprobe iscsi_tcp'],
  [[['sh -c pidof', { status: 3 }]],                                          'iscsid does not run on the host: run systemctl enable --now iscsid'],
] as const)('readiness: %j', async (answers, message) => {
  const { host, attacher } = open();
  for (const [begins, result] of answers) host.answers.push([begins, result]);
  await expect(attacher.readiness()).resolves.toContain(message);
});

test('a host with everything is ready', async () => {
  await expect(open().attacher.readiness()).resolves.toBeUndefined();
});
