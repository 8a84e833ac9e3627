/**
 * A real etcd and kube-apiserver of a test's own: no nodes, no controllers, so that what is written there is what the test
 * wrote. Started in two to four seconds on ports of the test's choice; everything is gone at the end.
 *
 *   const api = await startApiServer({ basePort: 21410 });
 *   await api.kubectl('apply', '-f', 'crds');
 *   … api.kubeconfig (a file), api.kubeconfigOf('reader') (another user) …
 *   await api.stop();
 */
import { randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { attempt, run, type Options, type Result } from '../shell.ts';
import { provide } from '../debian.ts';
import { until } from '../until.ts';

const repository = join(import.meta.dirname, '../..');
const testbedBin = process.env['TESTBED_BIN'] ?? join(homedir(), '.cache/caskade-testbed/bin');

function find(program: string): string | undefined {
  const folders = [testbedBin, ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}
const needed = ['etcd', 'kube-apiserver', 'kubectl', 'openssl'] as const;

/** Why no API server can be started here; undefined: it can. Builds the missing programs first, where that is possible. */
export async function unavailable(): Promise<string | undefined> {
  const missing = () => needed.filter((program) => find(program) === undefined);
  const build = join(repository, 'e2e/testbed/build');
  if (
    missing().some((program) => program.startsWith('kube')) &&
    find('go') !== undefined &&
    existsSync(build)
  )
    await attempt([build, 'k8s'], { timeoutMs: 900_000, show: 'all' });
  await provide({ etcd: 'etcd-server', openssl: 'openssl' });
  const still = missing();
  return still.length === 0
    ? undefined
    : `${still.join(', ')} not found in ${testbedBin} and PATH: etcd and openssl are Debian packages, the others are built by e2e/testbed/build k8s`;
}

export interface ApiServerOptions {
  /** Ports from here on are used: etcd +0 and +1, the API server +2. */
  readonly basePort: number;
  /** More flags of kube-apiserver. */
  readonly flags?: readonly string[];
}

export interface ApiServer {
  /** Kubeconfig file of the administrator. */
  readonly kubeconfig: string;
  readonly url: string;
  readonly etcdUrl: string;
  /** Kubeconfig file of a user without any rights but those that RBAC gives to the name. */
  kubeconfigOf(user: 'reader' | 'writer'): string;
  kubectl(...args: readonly string[]): Promise<string>;
  /** The same, with its exit status instead of an error, and with standard input. */
  tryKubectl(args: readonly string[], options?: Options): Promise<Result>;
  /** SIGKILL: connections break without a word. */
  killApiServer(): Promise<void>;
  startApiServer(): Promise<void>;
  /** Stops the process without ending it: connections stay and nothing comes. `resume` goes on. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** A child whose output goes to a file; its end is awaited. */
class Daemon {
  readonly #child: ChildProcess;
  readonly ended: Promise<void>;
  readonly #log: string;

  constructor(path: string, args: readonly string[], log: string) {
    const out = openSync(log, 'a');
    const [file = path, ...rest] = untilWeEnd('KILL', path, ...args);
    this.#child = spawn(file, rest, { stdio: ['ignore', out, out] });
    closeSync(out);
    this.#log = log;
    this.ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    process.once('exit', () => this.#child.kill('SIGKILL'));
  }
  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
  lastWords(): string {
    return readFileSync(this.#log, 'utf8').split('\n').slice(-8).join('\n');
  }
}

/** Runs a program that is killed when we end, however we end: a test run that is killed leaves nothing behind. */
const untilWeEnd = (signal: 'KILL' | 'TERM', ...command: readonly string[]): string[] =>
  find('setpriv') === undefined ? [...command] : ['setpriv', '--pdeathsig', signal, ...command];

/** A shell that removes the folder when it is told to end, or when we end. */
function removeAtEnd(folder: string): ChildProcess {
  const script = 'trap \'kill $!; rm -rf "$1"; exit\' TERM; while :; do sleep 3600 & wait $!; done';
  const [file = 'sh', ...args] = untilWeEnd('TERM', 'sh', '-c', script, 'remover', folder);
  return spawn(file, args, { stdio: 'ignore', detached: true }); // `timeout` kills our whole process group
}

const flagsOf = (values: Readonly<Record<string, string | number | boolean>>): string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

export async function startApiServer({ basePort, flags = [] }: ApiServerOptions): Promise<ApiServer> {
  const reason = await unavailable();
  if (reason !== undefined) throw new Error(reason);
  const folder = mkdtempSync(join(tmpdir(), 'caskade-apiserver-'));
  const remover = removeAtEnd(folder);
  const file = (name: string) => join(folder, name);
  const [etcdUrl, peerUrl, url] = [
    `http://127.0.0.1:${basePort}`,
    `http://127.0.0.1:${basePort + 1}`,
    `https://127.0.0.1:${basePort + 2}`,
  ];
  await run(['openssl', 'genrsa', '-out', file('sa.key'), '2048']);
  await run(['openssl', 'rsa', '-in', file('sa.key'), '-pubout', '-out', file('sa.pub')]);
  const users = ['admin', 'reader', 'writer'] as const;
  const tokens = Object.fromEntries(users.map((user) => [user, randomBytes(16).toString('hex')]));
  const groupOf = (user: string) => (user === 'admin' ? 'system:masters' : 'tests');
  const tokenLines = users.map((user) => `${tokens[user]},${user},${user},${groupOf(user)}\n`);
  writeFileSync(file('tokens.csv'), tokenLines.join(''), { mode: 0o600 });
  mkdirSync(file('certs'));

  const etcdFlags = flagsOf({
    'data-dir': file('etcd'),
    'unsafe-no-fsync': true,
    'log-level': 'warn',
    'listen-client-urls': etcdUrl,
    'advertise-client-urls': etcdUrl,
    'listen-peer-urls': peerUrl,
  });
  const apiFlags = flagsOf({
    'etcd-servers': etcdUrl,
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    'secure-port': basePort + 2,
    'cert-dir': file('certs'),
    'token-auth-file': file('tokens.csv'),
    'authorization-mode': 'RBAC',
    'service-account-key-file': file('sa.pub'),
    'service-account-signing-key-file': file('sa.key'),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-cluster-ip-range': '10.97.0.0/16',
    'disable-admission-plugins': 'ServiceAccount', // no controller makes service accounts here
    'allow-privileged': true,
  }).concat(flags);
  const etcd = new Daemon(find('etcd') ?? 'etcd', etcdFlags, file('etcd.log'));
  let api: Daemon | undefined;

  const kubeconfig = (user: string) => {
    const path = file(`${user}.kubeconfig`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'test', cluster: { server: url, 'certificate-authority': file('certs/apiserver.crt') } },
      ],
      users: [{ name: user, user: { token: tokens[user] } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user } }],
      'current-context': 'test',
    };
    writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
    return path;
  };
  const admin = kubeconfig('admin');
  const tryKubectl = async (args: readonly string[], options: Options = {}) =>
    await attempt([find('kubectl') ?? 'kubectl', `--kubeconfig=${admin}`, ...args], {
      cwd: repository,
      ...options,
    });

  const server: ApiServer = {
    kubeconfig: admin,
    url,
    etcdUrl,
    kubeconfigOf: kubeconfig,
    tryKubectl,
    async kubectl(...args) {
      const result = await tryKubectl(args);
      if (result.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr.trim()}`);
      return result.stdout;
    },
    async killApiServer() {
      await api?.kill();
      api = undefined;
    },
    async startApiServer() {
      const daemon = new Daemon(find('kube-apiserver') ?? 'kube-apiserver', apiFlags, file('apiserver.log'));
      api = daemon;
      await until('the API server is ready', 60_000, async () => {
        const { status, stderr } = await tryKubectl(['get', '--raw=/readyz'], { timeoutMs: 5_000 });
        return status === 0 || daemon.hasEnded || etcd.hasEnded ? {} : stderr.trim();
      });
      const ended = [daemon, etcd].find(({ hasEnded }) => hasEnded);
      if (ended !== undefined) throw new Error(`it ended at once:\n${ended.lastWords()}`);
    },
    pause: () => api?.signal('SIGSTOP'),
    resume: () => api?.signal('SIGCONT'),
    async stop() {
      await api?.kill();
      await etcd.kill();
      rmSync(folder, { recursive: true, force: true });
      remover.kill('SIGTERM');
    },
  };
  try {
    await server.startApiServer();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Installs crds/ and waits until each is served. */
export async function installCrds(api: ApiServer): Promise<void> {
  await api.kubectl('apply', '--server-side', '-f', 'crds');
  await api.kubectl('wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all');
}
