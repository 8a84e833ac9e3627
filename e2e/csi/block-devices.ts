/** The node disk manager as a process: a /dev of its own with some loop devices, real sparse files, a real API server. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BlockDevice } from '../../src/api/kinds/blockdevice.ts';
import type { Check } from '../local/suite.ts';
import { run } from '../shell.ts';
import { until } from '../until.ts';
import type { World } from './world.ts';

const main = join(import.meta.dirname, '../../src/main.ts');

/** A node with three disks on the machine, two of them in its /dev. */
class DiskNode {
  readonly #world: World;
  readonly disks: string[] = [];
  readonly #folder: string;
  readonly #config: string;
  #ndm: ChildProcess | undefined;
  #log = '';

  constructor(world: World) {
    this.#world = world;
    this.#folder = join(world.folder, 'ndm');
    mkdirSync(join(this.#folder, 'host'), { recursive: true });
    this.#config = join(this.#folder, 'host/node-disk-manager.config');
  }

  async makeDisks(): Promise<void> {
    for (const name of ['one', 'two', 'elsewhere']) {
      const file = join(this.#folder, `${name}.img`);
      await run(['truncate', '-s', '64M', file]);
      this.disks.push((await run(['losetup', '--show', '--find', file])).trim());
    }
  }
  async removeDisks(): Promise<void> {
    for (const disk of this.disks) await run(['losetup', '--detach', disk]);
  }

  filter(include: readonly string[]): void {
    writeFileSync(
      this.#config,
      `filterconfigs:\n  - key: path-filter\n    name: path filter\n    state: true\n    include: "${include.join(',')}"\n    exclude: ""\n`,
    );
  }

  /** With /dev/null and the first two disks in its /dev, as a node of the test bed sees its own only. */
  async start(): Promise<void> {
    const nodes = ['null', 'urandom', ...this.disks.slice(0, 2).map((disk) => disk.slice('/dev/'.length))];
    const dev = join(this.#folder, 'dev');
    mkdirSync(dev, { recursive: true });
    const script = `set -eu
mount -t tmpfs dev "$1"
for node in ${nodes.join(' ')}; do cp -a "/dev/$node" "$1/$node"; done
mount --move "$1" /dev
shift
exec "$@"`;
    this.#log = join(this.#world.folder, 'ndm.log');
    const log = openSync(this.#log, 'a');
    const flags = ['--config', this.#config, '--rescan', '1', '--host-pid', 'self'];
    const http = ['--http', `127.0.0.1:${this.#world.ports.ndmHttp}`];
    this.#ndm = spawn(
      'unshare',
      ['--mount', 'sh', '-c', script, 'ndm', dev, process.execPath, main, 'ndm', ...flags, ...http],
      {
        stdio: ['ignore', log, log],
        env: {
          ...process.env,
          KUBECONFIG: this.#world.api.kubeconfig,
          NODE_NAME: 'node-a',
          CASKADE_NAMESPACE: 'openebs',
          SPARSE_FILE_DIR: join(this.#folder, 'sparse'),
          SPARSE_FILE_SIZE: '1Gi',
          SPARSE_FILE_COUNT: '2',
        },
      },
    );
    await until('ndm is ready', 20_000, async () => {
      const { status } = await fetch(`http://127.0.0.1:${this.#world.ports.ndmHttp}/readyz`);
      return status === 200 ? {} : `${status} ${readFileSync(this.#log, 'utf8').slice(-500)}`;
    });
  }
  async stop(): Promise<void> {
    const ndm = this.#ndm;
    this.#ndm = undefined;
    if (ndm === undefined) return;
    const ended = new Promise((resolve) => ndm.once('exit', resolve));
    ndm.kill('SIGTERM');
    await ended;
  }
  /** In its mount namespace. */
  async inside(...argv: readonly string[]): Promise<void> {
    await run(['nsenter', '-t', String(this.#ndm?.pid), '-m', '--', ...argv]);
  }

  async devices(): Promise<readonly BlockDevice[]> {
    const { items } = JSON.parse(
      await this.#world.api.kubectl('get', 'blockdevices', '-n', 'openebs', '-o', 'json'),
    ) as { items: BlockDevice[] };
    return items;
  }
  async at(path: string | undefined): Promise<BlockDevice | undefined> {
    return (await this.devices()).find(({ spec }) => spec?.path === path);
  }
  /** Waits until the object of a disk looks so. */
  async sees(what: string, disk: string | undefined, look: (object: BlockDevice) => boolean): Promise<void> {
    await until(
      `${disk} ${what}`,
      15_000,
      async () => {
        const object = await this.at(disk);
        return object !== undefined && look(object) ? {} : JSON.stringify(object);
      },
      200,
    );
  }
  async passes(): Promise<{ writes: number }> {
    const text = await (await fetch(`http://127.0.0.1:${this.#world.ports.ndmHttp}/metrics`)).text();
    return { writes: Number(/^caskade_ndm_writes_total (\d+)/m.exec(text)?.[1] ?? 0) };
  }
}

function equal(what: string, seen: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a}, expected ${b}`);
}

export function blockDeviceChecks(world: () => World): readonly Check[] {
  let node: DiskNode | undefined;
  const disks = (): DiskNode => {
    if (node === undefined) throw new Error('the first of these checks makes the disks');
    return node;
  };
  return [
    {
      name: 'ndm: offers the disks that are in its /dev and pass the filters, and sparse files',
      run: async () => {
        node = new DiskNode(world());
        await node.makeDisks();
        const [one, two] = node.disks;
        node.filter(node.disks);
        await run(['mkfs.ext4', '-q', '-F', two ?? '']);
        await node.start();
        await node.sees('is Active', one, ({ status }) => status?.state === 'Active');
        await node.sees('has ext4', two, ({ spec }) => spec?.filesystem?.fsType === 'ext4');
        const all = await node.devices();
        const kinds = all.map(({ metadata }) => metadata.name.replace(/-.*/, ''));
        equal(
          'kinds',
          kinds.toSorted((x, y) => x.localeCompare(y)),
          ['blockdevice', 'blockdevice', 'sparse', 'sparse'],
        );
        const first = await node.at(one);
        equal(
          'first',
          [first?.spec?.capacity.storage, first?.spec?.filesystem, first?.status, first?.metadata.labels],
          [
            64 * 2 ** 20,
            undefined,
            { claimState: 'Unclaimed', state: 'Active' },
            {
              'kubernetes.io/hostname': 'host-of-node-a',
              'ndm.io/blockdevice-type': 'blockdevice',
              'ndm.io/managed': 'true',
            },
          ],
        );
        const sparse = all.find(({ spec }) => spec?.details?.deviceType === 'sparse');
        equal('sparse file', statSync(sparse?.spec?.path ?? '').size, 2 ** 30);
      },
    },
    {
      name: 'ndm: a machine on which nothing changes costs no write',
      run: async () => {
        const before = await disks().devices();
        const { writes } = await disks().passes();
        await new Promise((resolve) => setTimeout(resolve, 3_500));
        equal('writes', (await disks().passes()).writes, writes);
        equal('objects', await disks().devices(), before);
      },
    },
    {
      name: 'ndm: what is on an unclaimed disk is followed, a claimed one keeps its description',
      run: async () => {
        const [one] = disks().disks;
        await run(['mkfs.xfs', '-q', '-f', '-m', 'crc=1', one ?? '']).catch(() =>
          run(['mkfs.ext4', '-q', '-F', one ?? '']),
        );
        await disks().sees('has a file system', one, ({ spec }) => spec?.filesystem?.fsType !== undefined);
        await run(['wipefs', '-a', one ?? '']);
        await disks().sees('is blank', one, ({ spec }) => spec?.filesystem === undefined);
        const object = await disks().at(one);
        const name = object?.metadata.name ?? '';
        const { api } = world();
        await api.kubectl(
          'patch',
          'bd',
          name,
          '-n',
          'openebs',
          '--type=merge',
          '-p',
          '{"spec":{"claimRef":{"name":"bdc-1"}}}',
        );
        await api.kubectl(
          'patch',
          'bd',
          name,
          '-n',
          'openebs',
          '--subresource=status',
          '--type=merge',
          '-p',
          '{"status":{"claimState":"Claimed"}}',
        );
        const { writes } = await disks().passes();
        await run(['mkfs.ext4', '-q', '-F', one ?? '']);
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        equal('writes', (await disks().passes()).writes, writes);
        const claimed = await disks().at(one);
        equal(
          'claimed',
          [claimed?.spec?.filesystem, claimed?.status?.claimState, claimed?.spec?.claimRef],
          [undefined, 'Claimed', { name: 'bdc-1' }],
        );
      },
    },
    {
      name: 'ndm: a disk that goes is Inactive, one that comes back Active, one with a fence left alone',
      run: async () => {
        const [one, two] = disks().disks;
        await disks().inside('mv', two ?? '', '/dev/hidden');
        await disks().sees('is Inactive', two, ({ status }) => status?.state === 'Inactive');
        await disks().inside('mv', '/dev/hidden', two ?? '');
        await disks().sees('is Active', two, ({ status }) => status?.state === 'Active');
        const name = (await disks().at(one))?.metadata.name ?? '';
        await world().api.kubectl('annotate', 'bd', name, '-n', 'openebs', 'openebs.io/reconcile=false');
        await disks().inside('mv', one ?? '', '/dev/hidden');
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        equal('left alone', (await disks().at(one))?.status?.state, 'Active');
        await disks().inside('mv', '/dev/hidden', one ?? '');
        await world().api.kubectl('annotate', 'bd', name, '-n', 'openebs', 'openebs.io/reconcile-');
      },
    },
    {
      name: 'ndm: an edited ConfigMap is in force within a pass, a broken one is refused',
      run: async () => {
        const [one, two] = disks().disks;
        disks().filter([one ?? '']);
        await disks().sees('is Inactive', two, ({ status }) => status?.state === 'Inactive');
        writeFileSync(join(world().folder, 'ndm/host/node-disk-manager.config'), 'filterconfigs: "broken');
        await until('the refusal', 10_000, () =>
          Promise.resolve(
            readFileSync(join(world().folder, 'ndm.log'), 'utf8').includes('the one before stays in force')
              ? {}
              : 'none',
          ),
        );
        equal('still', (await disks().at(one))?.status?.state, 'Active');
        disks().filter(disks().disks);
        await disks().sees('is Active', two, ({ status }) => status?.state === 'Active');
      },
    },
    {
      name: 'ndm: its devices are Unknown while it is stopped, and the same ones again afterwards',
      run: async () => {
        const [, two] = disks().disks;
        const names = (await disks().devices()).map(({ metadata }) => metadata.name);
        await disks().stop();
        equal(
          'states',
          [...new Set((await disks().devices()).map(({ status }) => status?.state))],
          ['Unknown'],
        );
        await disks().start();
        await disks().sees('is Active', two, ({ status }) => status?.state === 'Active');
        equal(
          'names',
          (await disks().devices()).map(({ metadata }) => metadata.name),
          names,
        );
        await disks().stop();
        await disks().removeDisks();
      },
    },
  ];
}
