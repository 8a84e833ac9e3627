/** The csi-node role in the guest, from the image, and its services as the kubelet calls them. */
import type { ProtoGrpcType } from '../../../src/api/proto/csi.ts';
import { openClient, type GrpcClient } from '../../../src/shared/grpc/client.ts';
import { loadProto } from '../../../src/shared/grpc/load.ts';
import { until } from '../../until.ts';
import { machine, type Guest } from './guest.ts';
import type { NodeApi } from './node-api.ts';

const { csi } = loadProto<ProtoGrpcType>('csi.proto');
const deadlineMs = 120_000;
const account = '/run/caskade/serviceaccount';

export class CsiNode {
  readonly #guest: Guest;
  readonly #address: string;
  readonly #start: string;
  #running = false;
  #client: GrpcClient<typeof csi.v1.Node.service>;

  /** `socketPort` of this machine leads to its socket, the API server listens on `apiPort`. */
  constructor(guest: Guest, socketPort: number, api: NodeApi, apiPort: number) {
    this.#guest = guest;
    this.#address = `127.0.0.1:${socketPort}`;
    this.#client = openClient(csi.v1.Node.service, this.#address);
    this.#start = `
mkdir -p ${account} /var/lib/kubelet/plugins_registry /var/lib/kubelet/pods
echo token > ${account}/token
cat > ${account}/ca.crt <<'END'
${api.certificate}END
export NODE_NAME=${api.nodeName} CASKADE_NAMESPACE=openebs KUBERNETES_SERVICE_HOST=${machine} KUBERNETES_SERVICE_PORT=${apiPort}
setsid /caskade/own/guest/container csi-node --attach open-iscsi >> /run/caskade/csi-node.log 2>&1 &
echo $! > /run/caskade/csi-node.pid`;
  }

  /** Resolves when it answers; nothing to do when it runs. */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    await this.#guest.run(this.#start);
    await until('csi-node answers', 150_000, async () => {
      const client = openClient(csi.v1.Identity.service, this.#address);
      try {
        return await client.call('Probe', {}, { deadlineMs: 5_000 });
      } finally {
        client.close();
      }
    }).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await this.log()}`);
    });
    // The connection to one that was killed may not be known to be dead.
    this.#client.close();
    this.#client = openClient(csi.v1.Node.service, this.#address);
  }

  async kill(): Promise<void> {
    this.#running = false;
    await this.#guest.run(
      'pid=$(cat /run/caskade/csi-node.pid); kill -9 $pid; while [ -d /proc/$pid ]; do sleep 0.1; done',
    );
  }

  close(): void {
    this.#client.close();
  }

  log(): Promise<string> {
    return this.#guest.run('tail -n 20 /run/caskade/csi-node.log');
  }

  get client(): GrpcClient<typeof csi.v1.Node.service> {
    return this.#client;
  }
}

export type Access = 'ext4' | 'xfs' | 'block';

/** One volume of a target, at one pod. */
export class StagedVolume {
  readonly staging: string;
  readonly path: string;
  readonly #csi: CsiNode;
  readonly #volume: string;
  readonly #access: Access;
  readonly #context: Record<string, string>;
  secrets: Record<string, string> = {};

  constructor(csiNode: CsiNode, access: Access, target: { volume: string; iqn: string; port: number }) {
    this.#csi = csiNode;
    this.#access = access;
    this.#volume = target.volume;
    this.#context = { portal: `${machine}:${target.port}`, iqn: target.iqn, lun: '0' };
    this.staging = `/var/lib/kubelet/plugins/kubernetes.io/csi/${target.volume}/globalmount`;
    this.path = `/var/lib/kubelet/pods/${target.volume}/mount`;
  }

  get #capability() {
    const accessMode = { mode: 'SINGLE_NODE_WRITER' as const };
    return this.#access === 'block'
      ? { block: {}, accessMode }
      : { mount: { fsType: this.#access }, accessMode };
  }
  get #request() {
    return {
      volumeId: this.#volume,
      stagingTargetPath: this.staging,
      volumeCapability: this.#capability,
      publishContext: this.#context,
      secrets: this.secrets,
    };
  }

  async stage(waitMs = deadlineMs): Promise<void> {
    await this.#csi.client.call('NodeStageVolume', this.#request, { deadlineMs: waitMs });
  }
  async publish(targetPath = this.path, readonly = false): Promise<void> {
    const request = { ...this.#request, targetPath, readonly };
    await this.#csi.client.call('NodePublishVolume', request, { deadlineMs });
  }
  async unpublish(targetPath = this.path): Promise<void> {
    const request = { volumeId: this.#volume, targetPath };
    await this.#csi.client.call('NodeUnpublishVolume', request, { deadlineMs });
  }
  async unstage(waitMs = deadlineMs): Promise<void> {
    await this.#csi.client.call('NodeUnstageVolume', this.#request, { deadlineMs: waitMs });
  }
  stats(volumePath = this.path) {
    const request = { volumeId: this.#volume, volumePath };
    return this.#csi.client.call('NodeGetVolumeStats', request, { deadlineMs });
  }
  async up(): Promise<void> {
    await this.stage();
    await this.publish();
  }
  async down(): Promise<void> {
    await this.unpublish();
    await this.unstage();
  }
}
