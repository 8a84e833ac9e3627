/** NodePublish and NodeUnpublish: the staged volume at a pod's path, as a folder or as a device. */
import { stat } from 'node:fs/promises';
import { StatusError } from '../../shared/grpc/status-error.ts';
import { numberOf, type MountEntry } from '../../shared/mount-info.ts';
import type { Attacher } from './attacher.ts';
import { deviceNumber, type Mounter } from './mounter.ts';
import { planPublish, type PublishSeen, type PublishWish } from './plan.ts';
import { refused } from './staging.ts';

export interface PublishRequest extends PublishWish {
  readonly stagingPath: string;
  readonly isDevice: boolean;
}

export class Publishing {
  readonly #attacher: Attacher;
  readonly #mounter: Mounter;
  constructor(attacher: Attacher, mounter: Mounter) {
    this.#attacher = attacher;
    this.#mounter = mounter;
  }

  async publish(request: PublishRequest): Promise<void> {
    const { volume, stagingPath, targetPath, isDevice } = request;
    const attached = await this.#attacher.find(volume);
    if (attached === undefined)
      throw new StatusError('FAILED_PRECONDITION', `volume ${volume} is not attached here: stage it first`);
    const number = await deviceNumber(attached.devicePath);
    const mounts = await this.#mounter.list();
    if (!isDevice && mounts.findLast(({ point }) => point === stagingPath)?.number !== number)
      throw new StatusError(
        'FAILED_PRECONDITION',
        `volume ${volume} is not at ${stagingPath}: stage it first`,
      );
    const plan = planPublish(request, {
      deviceNumber: number,
      target: await this.#target(mounts, targetPath, isDevice),
      elsewhere: await this.#elsewhere(mounts, request, attached.devicePath, number),
    });
    if ('refuse' in plan) throw refused(plan);
    for (const step of plan) {
      if (step.do === 'unmountStale') await this.#mounter.unmount(targetPath);
      else
        await this.#mounter.bind(isDevice ? attached.devicePath : stagingPath, targetPath, {
          readOnly: step.readOnly,
          isDevice,
        });
    }
  }

  unpublish(targetPath: string): Promise<void> {
    return this.#mounter.unmountAndRemove(targetPath);
  }

  /** A bound device is told by the device node that is seen there, a bound folder by its file system. */
  async #target(
    mounts: readonly MountEntry[],
    path: string,
    isDevice: boolean,
  ): Promise<PublishSeen['target']> {
    const entry = mounts.findLast(({ point }) => point === path);
    if (entry === undefined) return undefined;
    const number = isDevice ? numberOf((await stat(path)).rdev) : entry.number;
    return { number, readOnly: entry.options.includes('ro') };
  }

  /** Paths of other pods on this node that show the volume. */
  async #elsewhere(
    mounts: readonly MountEntry[],
    { stagingPath, targetPath, isDevice }: PublishRequest,
    devicePath: string,
    number: string,
  ): Promise<readonly string[]> {
    const shows = isDevice
      ? ({ root, fsType }: MountEntry) =>
          fsType === 'devtmpfs' || fsType === 'tmpfs'
            ? root === `/${devicePath.slice('/dev/'.length)}`
            : false
      : (mount: MountEntry) => mount.number === number;
    return mounts
      .filter((mount) => shows(mount) && mount.point !== stagingPath && mount.point !== targetPath)
      .map(({ point }) => point)
      .filter((point) => point.includes('/pods/') || point.startsWith(parentOf(targetPath)));
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
