// Plays docs/pool-recovery.md on files of this machine: a raidz pool loses a device, gets a new one, is scrubbed, is
// killed, is imported by hand on another node, is rewound. Nodes are host names here, which needs root. Its last words are checked: what the volume holds.
//   node e2e/engine/recovery.ts [--write]      --write: puts the commands and what they said into the page
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { engineHost } from '../../src/pool-manager/device/engine-host.ts';
import { openFileDevice } from '../../src/pool-manager/device/file-device.ts';
import { importPool } from '../../src/pool-manager/engine/pool/pool-import.ts';
import { contentOf, contentOfAll, tagOf } from '../../src/testing/block-content.ts';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const root = join(import.meta.dirname, '../..');
const page = join(root, 'docs/pool-recovery.md');
const folder = mkdtempSync(join(tmpdir(), 'caskade-recovery-'));
const names = ['disk-1', 'disk-2', 'disk-3', 'disk-4'];
const config = join(folder, 'pool.json');
const blocks = 2_000;
/** Sections of the page: what was typed and answered, by mark. */
const played = new Map<string, string[]>();

function shown(text: string): string {
  return text.replaceAll(`${folder}/`, '').trimEnd();
}

/** Long lists end after three lines; the last one says how many there are. */
function shortened(text: string): string {
  const lines = text.split('\n');
  return lines.length <= 10 ? text : [...lines.slice(0, 3), '…', ...lines.slice(-1)].join('\n');
}

/** The program as of a node of this name; without root all nodes are this one. */
function onNode(node: string, args: readonly string[]): readonly [command: string, args: string[]] {
  const command = [process.execPath, join(root, 'src/main.ts'), ...args];
  return process.getuid?.() === 0
    ? ['unshare', ['--uts', 'sh', '-c', 'hostname "$0" && exec "$@"', node, ...command]]
    : [process.execPath, command.slice(1)];
}

let node = 'node-1';

/** Runs a command as a person would, from the folder of the devices. */
function caskade(mark: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(...onNode(node, args), {
    cwd: folder,
    encoding: 'utf8',
  });
  const lines = played.get(mark) ?? [];
  lines.push(
    `$ caskade ${args.join(' ')}`,
    ...[shortened(shown(stdout)), shown(stderr)].filter((text) => text !== ''),
  );
  if (status !== 0) lines.push(`(exit status ${status})`);
  played.set(mark, lines);
  console.log(lines.slice(-2).join('\n'));
  return stdout + stderr;
}

const say = (mark: string, line: string) => played.set(mark, [...(played.get(mark) ?? []), `$ ${line}`]);

async function startDaemon(): Promise<ChildProcess> {
  const daemon = spawn(...onNode(node, ['pool', '--config', 'pool.json']), { cwd: folder, stdio: 'ignore' });
  for (let i = 0; i < 100; i++) {
    const { status, stdout } = spawnSync(
      process.execPath,
      [join(root, 'src/main.ts'), 'pool', 'status', '--config', 'pool.json', '--json'],
      { cwd: folder, encoding: 'utf8' },
    );
    if (status === 0 && !stdout.includes('POOL_PHASE_IMPORTING')) return daemon;
    await delay(200);
  }
  throw new Error('the daemon does not answer');
}

async function end(daemon: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const ended = once(daemon, 'exit');
  daemon.kill(signal);
  await ended;
}

async function untilStatus(holds: (json: string) => boolean): Promise<void> {
  for (let i = 0; i < 150; i++) {
    const { stdout } = spawnSync(
      process.execPath,
      [join(root, 'src/main.ts'), 'pool', 'status', '--config', 'pool.json', '--json'],
      { cwd: folder, encoding: 'utf8' },
    );
    if (holds(stdout)) return;
    await delay(300);
  }
  throw new Error('the pool does not get there');
}

/** What targets do in a cluster: a volume gets content. The daemon is down meanwhile. */
async function fill(devices: readonly string[], tag: number, isNew: boolean): Promise<void> {
  const opened = await Promise.all(devices.map((name) => openFileDevice(join(folder, name), { name })));
  const pool = await importPool({ devices: opened, host: engineHost });
  const store = isNew
    ? await pool.createVolume({ volume: 'pvc-1', replicaId: 'r1', sizeBytes: blocks * 4096 })
    : pool.volumes()[0];
  if (store === undefined) throw new Error('the volume is gone');
  for (let block = 0; block < blocks; block += 100)
    store.write(store.last + 1, block, contentOfAll(Array.from({ length: 100 }, () => tag)));
  await pool.close();
}

async function tagsOf(devices: readonly string[]): Promise<ReadonlySet<number | undefined>> {
  const opened = await Promise.all(devices.map((name) => openFileDevice(join(folder, name), { name })));
  const pool = await importPool({ devices: opened, host: engineHost });
  const content = await pool.volumes()[0]?.read(0, blocks);
  await pool.close();
  return new Set(Array.from({ length: blocks }, (_, i) => tagOf(content ?? contentOf(0), i)));
}

function makeFile(name: string): void {
  const descriptor = openSync(join(folder, name), 'w');
  ftruncateSync(descriptor, 64 * 2 ** 20);
  closeSync(descriptor);
}

function configure(members: readonly string[], leaving: readonly string[]): void {
  const device = (name: string) => ({ name, paths: [join(folder, name)] });
  const listen = {
    replication: 'unix:rep.sock',
    copy: 'unix:copy.sock',
    admin: `unix:${join(folder, 'admin.sock')}`,
  };
  const settings = {
    name: 'pool-1',
    layout: 'raidz',
    groups: [{ devices: members.map(device) }],
    leaving: leaving.map(device),
    listen: {
      ...listen,
      replication: `unix:${join(folder, 'rep.sock')}`,
      copy: `unix:${join(folder, 'copy.sock')}`,
    },
    keyFile: join(folder, 'key'),
    adminTokenFile: join(folder, 'token'),
  };
  writeFileSync(config, JSON.stringify(settings));
}

async function play(): Promise<void> {
  writeFileSync(join(folder, 'key'), randomBytes(32).toString('hex'), { mode: 0o600 });
  writeFileSync(join(folder, 'token'), randomBytes(32).toString('hex'), { mode: 0o600 });
  for (const name of names) makeFile(name);
  const first = names.slice(0, 3);
  configure(first, []);
  let daemon = await startDaemon();
  caskade('create', 'pool', 'create', '--config', 'pool.json');
  await end(daemon, 'SIGTERM');
  await fill(first, 7, true);

  renameSync(join(folder, 'disk-2'), join(folder, 'gone'));
  daemon = await startDaemon();
  await untilStatus((json) => json.includes('DEGRADED'));
  caskade('lost', 'pool', 'status', '--config', 'pool.json');
  await end(daemon, 'SIGTERM');

  configure(['disk-1', 'disk-4', 'disk-3'], []);
  daemon = await startDaemon();
  caskade('replace', 'pool', 'replace', 'disk-2', 'disk-4', '--config', 'pool.json');
  await untilStatus((json) => json.includes('POOL_PHASE_ONLINE') && !json.includes('"resilvers":[{'));
  caskade('replace', 'pool', 'status', '--config', 'pool.json');
  await end(daemon, 'SIGTERM');

  const now = ['disk-1', 'disk-4', 'disk-3'];
  rot('disk-3');
  caskade('scrub', 'pool', 'check', ...now);
  daemon = await startDaemon();
  caskade('scrub', 'pool', 'scrub', 'start', '--config', 'pool.json');
  await untilStatus((json) => json.includes('"DONE"'));
  caskade('scrub', 'pool', 'status', '--config', 'pool.json');
  const packed = caskade(
    'packed',
    'pool',
    'compression',
    'pvc-1',
    'zstd',
    '--level',
    '9',
    '--config',
    'pool.json',
  );
  if (!/volume pvc-1 .* zstd 9$/m.test(packed)) throw new Error(`not what was to come: ${packed}`);
  say('killed', 'kill -9 $(pidof -s caskade)');
  await end(daemon, 'SIGKILL');
  node = 'node-2';
  const refusal = caskade('killed', 'pool', 'import', ...now);
  const isNode = process.getuid?.() === 0;
  if (isNode !== refusal.includes('--confirm node-1')) throw new Error(`not what was to come: ${refusal}`);
  if (isNode) caskade('killed', 'pool', 'import', '--confirm', 'node-1', ...now);
  caskade('killed', 'pool', 'check', ...now);

  await fill(now, 8, false);
  if (![...(await tagsOf(now))].every((tag) => tag === 8))
    throw new Error('what was written last is not there');
  const newest = Number(/^root (\d+)/m.exec(caskade('rewind', 'pool', 'check', ...now))?.[1]);
  caskade('rewind', 'pool', 'check', '--before-root', String(newest), ...now);
  caskade('rewind', 'pool', 'import', '--rewind-before', String(newest), ...now);
  caskade('rewind', 'pool', 'check', ...now);
}

/** Some bytes of the middle turn over. */
function rot(name: string): void {
  const path = join(folder, name);
  const bytes = readFileSync(path);
  for (let at = 3 * 2 ** 20; at < 6 * 2 ** 20; at += 64 * 1024) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
}

function writePage(): void {
  let text = readFileSync(page, 'utf8');
  for (const [mark, lines] of played) {
    const begin = `<!-- ${mark} -->`;
    const from = text.indexOf(begin);
    const to = text.indexOf('<!-- end -->', from);
    if (from === -1 || to === -1) throw new Error(`${page} has no mark ${begin}`);
    text = `${text.slice(0, from)}${begin}\n\`\`\`text\n${lines.join('\n')}\n\`\`\`\n${text.slice(to)}`;
  }
  writeFileSync(page, text);
}

try {
  await play();
  if (values.write) writePage();
  console.log('1 passed, 0 failed');
} finally {
  rmSync(folder, { recursive: true });
}
