/** What the checks of CSI stand on: an API server, a fake operator with real targets, the two CSI roles as processes. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProtoGrpcType } from '../../src/api/proto/csi.ts';
import { openClient } from '../../src/shared/grpc/client.ts';
import { loadProto } from '../../src/shared/grpc/load.ts';
import { installCrds, startApiServer, type ApiServer } from '../apiserver/api-server.ts';
import { attempt, run } from '../shell.ts';
import { until } from '../until.ts';
import type { OperatorOrder } from './fake-operator.ts';

const repository = join(import.meta.dirname, '../..');
const { csi } = loadProto<ProtoGrpcType>('csi.proto');
const ports = {
  api: 21610,
  controllerHttp: 21605,
  nodeHttp: 21606,
  otherNodeHttp: 21607,
  ndmHttp: 21608,
} as const;

/** A role of ours as a process; its log goes to a file. */
export class Role {
  readonly #argv: readonly string[];
  readonly #env: NodeJS.ProcessEnv;
  readonly #log: string;
  #child: ChildProcess | undefined;

  constructor(name: string, argv: readonly string[], env: NodeJS.ProcessEnv, folder: string) {
    this.#argv = [join(repository, 'src/main.ts'), ...argv];
    this.#env = { ...process.env, ...env };
    this.#log = join(folder, `${name}.log`);
  }
  get log(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
  }
  start(): void {
    const log = openSync(this.#log, 'a');
    this.#child = spawn(process.execPath, this.#argv, { env: this.#env, stdio: ['ignore', log, log] });
  }
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill(signal);
    return ended;
  }
}

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'caskade-csi-'));
  readonly kubelet = join(this.folder, 'kubelet');
  readonly plugin = join(this.kubelet, 'plugins/cstor.csi.openebs.io');
  readonly controllerSocket = join(this.folder, 'controller.sock');
  readonly nodeSocket = join(this.plugin, 'csi.sock');
  readonly registrationSocket = join(this.kubelet, 'plugins_registry/cstor.csi.openebs.io-reg.sock');
  readonly ports = ports;
  readonly api: ApiServer;
  readonly controller: Role;
  readonly node: Role;

  #operator: ChildProcess | undefined;

  private constructor(api: ApiServer) {
    this.api = api;
    const env = { KUBECONFIG: api.kubeconfig, CASKADE_NAMESPACE: 'openebs', NODE_NAME: 'node-a' };
    const http = (port: number) => ['--http', `127.0.0.1:${port}`];
    this.controller = new Role(
      'csi-controller',
      ['csi-controller', '--endpoint', `unix://${this.controllerSocket}`, ...http(ports.controllerHttp)],
      env,
      this.folder,
    );
    // This process stands for the host's first one: the tools are run through nsenter as in a cluster.
    const host = ['--kubelet-dir', this.kubelet, '--host-pid', String(process.pid)];
    this.node = new Role(
      'csi-node',
      ['csi-node', '--attach', 'qemu', ...host, ...http(ports.nodeHttp)],
      env,
      this.folder,
    );
  }

  static async open(): Promise<World> {
    const api = await startApiServer({ basePort: ports.api });
    const world = new World(api);
    try {
      await installCrds(api);
      await api.kubectl('create', 'namespace', 'openebs');
      for (const name of ['node-a', 'node-b']) await world.createNode(name);
      mkdirSync(join(world.kubelet, 'plugins_registry'), { recursive: true });
      await world.#startOperator();
      world.controller.start();
      world.node.start();
      await world.serving(world.controllerSocket, world.controller);
      await world.serving(world.nodeSocket, world.node);
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  async #startOperator(): Promise<void> {
    const program = join(import.meta.dirname, 'fake-operator.ts');
    this.#operator = fork(program, [this.api.kubeconfig, join(this.folder, 'volumes')]);
    await this.#answer();
  }
  #answer(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#operator?.once('message', () => resolve());
      this.#operator?.once('exit', (code) => reject(new Error(`the fake operator ended with ${code}`)));
    });
  }
  /** The operator does nothing, or everything that it has missed. */
  async tellOperator(order: OperatorOrder): Promise<void> {
    this.#operator?.send(order);
    await this.#answer();
  }

  async createNode(name: string): Promise<void> {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': `host-of-${name}` } },
    };
    const made = await this.api.tryKubectl(['create', '-f', '-'], { input: JSON.stringify(node) });
    if (made.status !== 0) throw new Error(made.stderr);
  }

  /** Waits until a role answers on its socket. */
  async serving(socket: string, role: Role): Promise<void> {
    await until(
      `${socket} is served`,
      60_000,
      async () => {
        const client = openClient(csi.v1.Identity.service, `unix:${socket}`);
        try {
          await client.call('Probe', {}, { deadlineMs: 2_000 });
          return {};
        } finally {
          client.close();
        }
      },
      100,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${role.log.split('\n').slice(-10).join('\n')}`);
    });
  }

  /** The node role dies like a crashed pod and comes back. */
  async restartNode(): Promise<void> {
    await this.node.end('SIGKILL');
    this.node.start();
    await this.serving(this.nodeSocket, this.node);
  }

  controllerClient() {
    return openClient(csi.v1.Controller.service, `unix:${this.controllerSocket}`);
  }
  nodeClient() {
    return openClient(csi.v1.Node.service, `unix:${this.nodeSocket}`);
  }

  /** What is left on the machine of this world: mounts, loop devices, processes, cgroups. Empty when all is clean. */
  async leftovers(): Promise<readonly string[]> {
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(this.kubelet));
    const loops = (await run(['losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE']))
      .split('\n')
      .filter((line) => line.includes(this.kubelet));
    const { stdout } = await attempt(['pgrep', '-af', `mountpoint=${this.kubelet}`]);
    const daemons = stdout.split('\n').filter((line) => line !== '' && !line.includes('pgrep'));
    const files = await attempt(['ls', join(this.plugin, 'attach')]);
    return [...mounts, ...loops, ...daemons, ...files.stdout.split('\n').filter((name) => name !== '')];
  }

  /** What a failed check has left: first as it should be, then by force, while the targets still answer. */
  async #clear(): Promise<void> {
    for (const how of [[], ['-l']]) {
      const points = readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .map((line) => line.split(' ')[1] ?? '')
        .filter((point) => point.startsWith(this.kubelet) && (how.length > 0 || !point.includes('/attach/')));
      for (const point of points.toReversed())
        await attempt(['umount', ...how, point], { timeoutMs: 10_000 });
      const { stdout } = await attempt(['pgrep', '-f', `mountpoint=${this.kubelet}`]);
      for (const pid of stdout.split('\n').filter((line) => line !== ''))
        process.kill(Number(pid), 'SIGKILL');
      const loops = await run(['losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE']);
      for (const [name = '', file = ''] of loops.split('\n').map((line) => line.trim().split(/\s+/)))
        if (file.startsWith(this.folder)) await attempt(['losetup', '--detach', name]);
    }
  }

  async close(): Promise<void> {
    await this.node.end('SIGTERM');
    await this.controller.end('SIGTERM');
    await this.#clear();
    const operator = this.#operator;
    if (operator?.exitCode === null) {
      const ended = new Promise((resolve) => operator.once('exit', resolve));
      operator.kill('SIGTERM');
      await ended;
    }
    await this.api.stop();
    if (process.env['KEEP'] === undefined) rmSync(this.folder, { recursive: true, force: true });
    else console.log(`kept: ${this.folder}`);
  }

  /** A file for a tool. */
  write(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }
}
