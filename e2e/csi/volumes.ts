/** A volume's life as the kubelet and the sidecars drive it, with real data, and with the node role dying in between. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtoGrpcType } from '../../src/api/proto/csi.ts';
import type { ProtoGrpcType as RegistrationProto } from '../../src/api/proto/pluginregistration.ts';
import { openClient } from '../../src/shared/grpc/client.ts';
import { loadProto } from '../../src/shared/grpc/load.ts';
import { StatusError } from '../../src/shared/grpc/status-error.ts';
import type { Check } from '../local/suite.ts';
import { attempt, run } from '../shell.ts';
import { until } from '../until.ts';
import type { World } from './world.ts';

const deadlineMs = 60_000;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function equal(what: string, seen: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a}, expected ${b}`);
}

async function refusal(call: Promise<unknown>): Promise<StatusError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error('the call was not refused');
}

type Access = 'ext4' | 'xfs' | 'block';

/** One volume and one pod on node-a. */
class Life {
  readonly #world: World;
  readonly volume: string;
  readonly staging: string;
  readonly target: string;
  readonly #access: Access;
  mode = 'SINGLE_NODE_WRITER' as const;
  context: Record<string, string> = {};

  constructor(world: World, volume: string, access: Access) {
    this.#world = world;
    this.volume = volume;
    this.#access = access;
    this.staging = join(world.kubelet, 'staging', volume);
    this.target = join(world.kubelet, 'pods', volume, 'mount');
  }

  get capability() {
    const accessMode = { mode: this.mode };
    return this.#access === 'block'
      ? { block: {}, accessMode }
      : { mount: { fsType: this.#access }, accessMode };
  }

  async create(): Promise<void> {
    await this.#controller('CreateVolume', {
      name: this.volume,
      capacityRange: { requiredBytes: 2 ** 30 },
      volumeCapabilities: [this.capability],
      parameters: { 'cas-type': 'cstor', cstorPoolCluster: 'p', replicaCount: '3' },
    });
  }
  async publish(node = 'node-a', waitMs = deadlineMs): Promise<void> {
    const request = { volumeId: this.volume, nodeId: node, volumeCapability: this.capability };
    const { publishContext } = (await this.#controller('ControllerPublishVolume', request, waitMs)) as {
      publishContext: Record<string, string>;
    };
    this.context = publishContext;
  }
  async stage(change: object = {}): Promise<void> {
    await this.#node('NodeStageVolume', {
      volumeId: this.volume,
      publishContext: this.context,
      stagingTargetPath: this.staging,
      volumeCapability: this.capability,
      ...change,
    });
  }
  async nodePublish(options: { target?: string; readonly?: boolean; mode?: string } = {}): Promise<void> {
    const { target = this.target, readonly = false, mode } = options;
    mkdirSync(join(target, '..'), { recursive: true });
    await this.#node('NodePublishVolume', {
      volumeId: this.volume,
      publishContext: this.context,
      stagingTargetPath: this.staging,
      targetPath: target,
      readonly,
      volumeCapability: mode === undefined ? this.capability : { ...this.capability, accessMode: { mode } },
    });
  }
  async nodeUnpublish(target = this.target): Promise<void> {
    await this.#node('NodeUnpublishVolume', { volumeId: this.volume, targetPath: target });
  }
  async unstage(): Promise<void> {
    await this.#node('NodeUnstageVolume', { volumeId: this.volume, stagingTargetPath: this.staging });
  }
  async unpublish(): Promise<void> {
    await this.#controller('ControllerUnpublishVolume', { volumeId: this.volume, nodeId: 'node-a' });
  }
  async remove(): Promise<void> {
    await this.#controller('DeleteVolume', { volumeId: this.volume });
  }
  async stats() {
    return (await this.#node('NodeGetVolumeStats', {
      volumeId: this.volume,
      volumePath: this.target,
    })) as {
      usage: { unit: string; total: number }[];
      volumeCondition: { abnormal: boolean; message: string };
    };
  }
  /** All the way up. */
  async up(): Promise<void> {
    await this.create();
    await this.publish();
    await this.stage();
    await this.nodePublish();
  }
  /** All the way down. */
  async down(): Promise<void> {
    await this.nodeUnpublish();
    await this.unstage();
    await this.unpublish();
  }

  async #controller(method: string, request: object, waitMs = deadlineMs): Promise<unknown> {
    const client = this.#world.controllerClient();
    try {
      return await client.call(method as 'CreateVolume', request as never, { deadlineMs: waitMs });
    } finally {
      client.close();
    }
  }
  async #node(method: string, request: object): Promise<unknown> {
    const client = this.#world.nodeClient();
    try {
      return await client.call(method as 'NodeStageVolume', request as never, { deadlineMs });
    } finally {
      client.close();
    }
  }
}

async function clean(world: World): Promise<void> {
  const left = await world.leftovers();
  if (left.length > 0) throw new Error(`left over:\n${left.join('\n')}`);
}

const fileSystemCheck = (world: () => World, access: 'ext4' | 'xfs'): Check => ({
  name: `${access}: formatted once, written, detached, attached again, every byte there`,
  run: async () => {
    const life = new Life(world(), `pvc-${access}`, access);
    await life.up();
    const data = randomBytes(48 * 2 ** 20);
    writeFileSync(join(life.target, 'data'), data);
    const { usage, volumeCondition } = await life.stats();
    equal(
      'units',
      usage.map(({ unit }) => unit),
      ['BYTES', 'INODES'],
    );
    equal('condition', volumeCondition.abnormal, false);
    for (let round = 0; round < 2; round++) {
      await life.down();
      await clean(world());
      await life.publish();
      await life.stage();
      await life.nodePublish();
      equal('checksum', sha256(readFileSync(join(life.target, 'data'))), sha256(data));
    }
    await life.down();
    await life.remove();
    await clean(world());
  },
});

export const volumeChecks = (world: () => World): readonly Check[] => [
  {
    name: 'the kubelet finds the driver by its registration socket',
    run: async () => {
      const { service } =
        loadProto<RegistrationProto>('pluginregistration.proto').pluginregistration.Registration;
      const client = openClient(service, `unix:${world().registrationSocket}`);
      try {
        equal('info', await client.call('GetInfo', {}, { deadlineMs }), {
          supportedVersions: ['1.0.0'],
          type: 'CSIPlugin',
          name: 'cstor.csi.openebs.io',
          endpoint: world().nodeSocket,
        });
        const readyz = `http://127.0.0.1:${world().ports.nodeHttp}/readyz`;
        equal('ready before', (await fetch(readyz)).status, 503);
        await client.call('NotifyRegistrationStatus', { pluginRegistered: true }, { deadlineMs });
        equal('ready after', (await fetch(readyz)).status, 200);
      } finally {
        client.close();
      }
      const { csi } = loadProto<ProtoGrpcType>('csi.proto');
      const node = openClient(csi.v1.Node.service, `unix:${world().nodeSocket}`);
      const info = await node.call('NodeGetInfo', {}, { deadlineMs });
      node.close();
      equal('segments', info.accessibleTopology?.segments, {
        'topology.cstor.openebs.io/nodeName': 'node-a',
        'kubernetes.io/hostname': 'host-of-node-a',
      });
    },
  },
  {
    name: 'the Node has a condition that says whether volumes can be attached',
    run: async () => {
      const node = JSON.parse(await world().api.kubectl('get', 'node', 'node-a', '-o', 'json')) as {
        status: { conditions: { type: string; status: string; reason: string }[] };
      };
      const condition = node.status.conditions.find(({ type }) => type === 'CaskadeAttachReady');
      equal('condition', [condition?.status, condition?.reason], ['True', 'AttacherFound']);
    },
  },
  fileSystemCheck(world, 'ext4'),
  fileSystemCheck(world, 'xfs'),
  {
    name: 'every step again and again, the node role killed before each, and nothing is left in the end',
    timeoutMs: 180_000,
    run: async () => {
      const life = new Life(world(), 'pvc-restarts', 'ext4');
      await life.create();
      const data = randomBytes(4 * 2 ** 20);
      for (let round = 0; round < 2; round++) {
        await life.publish();
        for (const step of [() => life.stage(), () => life.nodePublish()]) {
          await world().restartNode();
          await step();
          await step();
        }
        if (round === 0) {
          writeFileSync(join(life.target, 'data'), data);
          await run(['sync', '-f', join(life.target, 'data')]);
        }
        await world().restartNode();
        equal('checksum', sha256(readFileSync(join(life.target, 'data'))), sha256(data));
        for (const step of [() => life.nodeUnpublish(), () => life.unstage()]) {
          await world().restartNode();
          await step();
          await step();
        }
        await life.unpublish();
        await clean(world());
      }
      await life.remove();
    },
  },
  {
    name: 'the node role killed in the middle of a stage and an unstage: the next call finishes',
    timeoutMs: 180_000,
    run: async () => {
      const life = new Life(world(), 'pvc-cut', 'xfs');
      await life.create();
      await life.publish();
      const cut = async (call: () => Promise<void>, afterMs: number) => {
        const running = call().then(
          () => 'done',
          () => 'cut',
        );
        await new Promise((resolve) => setTimeout(resolve, afterMs));
        await world().restartNode();
        await running;
      };
      const stage = () => life.stage();
      // The moments are spread over the whole call; whatever they hit, the next call must find its way.
      for (const afterMs of [30, 120, 300]) {
        await cut(stage, afterMs);
        await until('staged', 30_000, async () => {
          await life.stage();
          return {};
        });
        writeFileSync(join(life.staging, `file-${afterMs}`), String(afterMs));
        await cut(() => life.unstage(), afterMs / 4);
        await life.unstage();
        await clean(world());
      }
      await life.stage();
      for (const afterMs of [30, 120, 300])
        equal('file', readFileSync(join(life.staging, `file-${afterMs}`), 'utf8'), String(afterMs));
      await life.unstage();
      await life.unpublish();
      await life.remove();
      await clean(world());
    },
  },
  {
    name: 'a raw device: the same bytes through the device at the pod',
    run: async () => {
      const life = new Life(world(), 'pvc-raw', 'block');
      await life.up();
      equal('is a block device', statSync(life.target).isBlockDevice(), true);
      const data = randomBytes(8 * 2 ** 20);
      await run([
        'dd',
        `of=${life.target}`,
        'bs=1M',
        'oflag=direct',
        'conv=fsync',
        `if=${world().write('raw', '')}`,
      ]);
      writeFileSync(world().write('raw', ''), data);
      await run([
        'dd',
        `if=${join(world().folder, 'raw')}`,
        `of=${life.target}`,
        'bs=1M',
        'oflag=direct',
        'conv=fsync',
      ]);
      const { usage } = await life.stats();
      equal('size', [usage.length, usage[0]?.unit, usage[0]?.total], [1, 'BYTES', 2 ** 30]);
      await life.nodePublish();
      await life.down();
      await clean(world());
      await life.publish();
      await life.stage();
      await life.nodePublish();
      const back = join(world().folder, 'raw-back');
      await run(['dd', `if=${life.target}`, `of=${back}`, 'bs=1M', 'count=8', 'iflag=direct']);
      equal('checksum', sha256(readFileSync(back)), sha256(data));
      await life.down();
      await life.remove();
      await clean(world());
    },
  },
  {
    name: 'read-only at one pod, writable at another; one pod alone when the claim says so',
    run: async () => {
      const life = new Life(world(), 'pvc-pods', 'ext4');
      await life.up();
      const second = join(world().kubelet, 'pods', 'second', 'mount');
      await life.nodePublish({ target: second, readonly: true });
      writeFileSync(join(life.target, 'x'), 'x');
      equal('read', readFileSync(join(second, 'x'), 'utf8'), 'x');
      const write = await attempt(['touch', join(second, 'y')]);
      equal('write refused', [write.status, /Read-only/.test(write.stderr)], [1, true]);
      const third = join(world().kubelet, 'pods', 'third', 'mount');
      const alone = await refusal(life.nodePublish({ target: third, mode: 'SINGLE_NODE_SINGLE_WRITER' }));
      equal('third', alone.code, 'FAILED_PRECONDITION');
      await life.nodeUnpublish(second);
      await life.down();
      await life.remove();
      await clean(world());
    },
  },
  {
    name: 'a volume with another file system, or something else on it, is refused and not touched',
    run: async () => {
      const life = new Life(world(), 'pvc-other', 'xfs');
      await life.up();
      await life.nodeUnpublish();
      await life.unstage();
      const ext4 = {
        volumeCapability: { mount: { fsType: 'ext4' }, accessMode: { mode: 'SINGLE_NODE_WRITER' } },
      };
      const other = await refusal(life.stage(ext4));
      equal(
        'xfs as ext4',
        [other.code, other.message.includes('carries xfs (byte 0)')],
        ['FAILED_PRECONDITION', true],
      );
      await life.stage();
      await life.nodePublish();
      await life.down();
      await life.remove();
      await clean(world());
    },
  },
  {
    name: 'published at one node only: the controller refuses the second, and so does the target',
    run: async () => {
      const life = new Life(world(), 'pvc-fenced', 'ext4');
      await life.create();
      await life.publish('node-a');
      const second = await refusal(life.publish('node-b'));
      equal(
        'second',
        [second.code, second.message.includes('published at node node-a')],
        ['FAILED_PRECONDITION', true],
      );
      equal('unknown node', (await refusal(life.publish('node-x'))).code, 'NOT_FOUND');
      await life.unpublish();
      // Without the right the target itself refuses: three tries, then the kubelet hears why.
      const barred = await refusal(life.stage());
      equal('barred', barred.code, 'UNAVAILABLE');
      await clean(world());
      await life.remove();
    },
  },
  {
    name: 'the operator away: publish says what it waits for, and is fine afterwards',
    run: async () => {
      const life = new Life(world(), 'pvc-waits', 'ext4');
      await life.create();
      await world().tellOperator('be away');
      const late = await refusal(life.publish('node-a', 4_000));
      equal(
        'late',
        [late.code, late.message.includes('has not let node node-a in yet')],
        ['DEADLINE_EXCEEDED', true],
      );
      await world().tellOperator('come back');
      await life.publish();
      await life.unpublish();
      await life.remove();
    },
  },
  {
    name: 'QEMU dead under a mounted file system: the condition says so, unstage cleans, the volume comes back',
    run: async () => {
      const life = new Life(world(), 'pvc-dead', 'ext4');
      await life.up();
      writeFileSync(join(life.target, 'kept'), 'kept');
      await run(['sync', '-f', join(life.target, 'kept')]);
      const { stdout } = await attempt([
        'pgrep',
        '-f',
        `mountpoint=${join(world().plugin, 'attach', life.volume)}`,
      ]);
      const [pid] = stdout.trim().split('\n').map(Number);
      process.kill(pid ?? 0, 'SIGKILL');
      await until('the condition', 10_000, async () => {
        const { volumeCondition } = await life.stats();
        return volumeCondition.abnormal && volumeCondition.message.includes('has died')
          ? {}
          : volumeCondition.message;
      });
      await world().restartNode(); // adopts nothing, cleans nothing that is mounted
      await life.down();
      await clean(world());
      await life.publish();
      await life.stage();
      await life.nodePublish();
      equal('kept', readFileSync(join(life.target, 'kept'), 'utf8'), 'kept');
      await life.down();
      await life.remove();
      await clean(world());
    },
  },
  {
    name: 'attached volumes outlive the node role in a cgroup of their own and are cleaned when nobody wants them',
    run: async () => {
      const life = new Life(world(), 'pvc-outlives', 'ext4');
      await life.create();
      await life.publish();
      await life.stage();
      const { stdout } = await attempt([
        'pgrep',
        '-f',
        `mountpoint=${join(world().plugin, 'attach', life.volume)}`,
      ]);
      const pid = stdout.trim();
      const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
      const foreign = groups.filter(
        (line) => !/:\/caskade\/attach-[0-9a-f]{12}$/.test(line) && !line.startsWith('0::'),
      );
      equal('cgroups that are not its own', foreign, []);
      equal('one write at a time', readFileSync(maxBackgroundOf(world(), life.volume), 'utf8').trim(), '1');
      await world().restartNode();
      equal('still there', existsSync(`/proc/${pid}`), true);
      // The machine is restarted, say: the daemon and the mount are gone, files are left.
      await run(['umount', life.staging]);
      process.kill(Number(pid), 'SIGKILL');
      await world().restartNode();
      await clean(world());
      await life.unstage();
      await life.unpublish();
      await life.remove();
    },
  },
];

function maxBackgroundOf(world: World, volume: string): string {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((entry) => entry.includes(join(world.plugin, 'attach', volume, 'disk')));
  const minor = line?.split(' ')[2]?.split(':')[1] ?? '';
  return `/sys/fs/fuse/connections/${minor}/max_background`;
}
