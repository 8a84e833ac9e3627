/** NodeStage and NodeUnstage: from a target to a mounted file system (or a raw device) of this node, and back. */
import { readDeviceContent } from '../../shared/edge/device-content.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { Log } from '../../shared/log.ts';
import type { Attacher, AttachRequest } from './attacher.ts';
import { checkFileSystem, isHalfMadeXfs, makeFileSystem } from './file-system.ts';
import { deviceNumber, type Mounter } from './mounter.ts';
import {
  planStage,
  type FileSystem,
  type Refusal,
  type StageSeen,
  type StageStep,
  type StageWish,
} from './plan.ts';

export interface StageRequest {
  readonly attach: AttachRequest;
  readonly stagingPath: string;
  /** Undefined: a raw device. */
  readonly fileSystem: FileSystem | undefined;
  readonly mountFlags: readonly string[];
}

export const refused = ({ refuse, message }: Refusal): StatusError => new StatusError(refuse, message);

export class Staging {
  readonly #attacher: Attacher;
  readonly #mounter: Mounter;
  readonly #log: Log;
  constructor(attacher: Attacher, mounter: Mounter, log: Log) {
    this.#attacher = attacher;
    this.#mounter = mounter;
    this.#log = log;
  }

  /** Safe to repeat at any point, also by another process. */
  async stage({ attach, stagingPath, fileSystem, mountFlags }: StageRequest): Promise<void> {
    const { devicePath } = await this.#attacher.attach(attach);
    if (fileSystem === undefined) return;
    const wish: StageWish = { volume: attach.volume, fileSystem, readOnly: attach.readOnly, mountFlags };
    const plan = planStage(wish, await this.#look(devicePath, stagingPath));
    if ('refuse' in plan) throw refused(plan);
    for (const step of plan) await this.#apply(step, devicePath, stagingPath, attach.volume);
  }

  async unstage(volume: string, stagingPath: string): Promise<void> {
    await this.#mounter.unmount(stagingPath);
    await this.#attacher.detach(volume);
  }

  async #look(devicePath: string, stagingPath: string): Promise<StageSeen> {
    const number = await deviceNumber(devicePath);
    const mounted = await this.#mounter.at(stagingPath);
    const isMounted = mounted?.number === number;
    const { signatures, head } = isMounted
      ? { signatures: [], head: new Uint8Array() }
      : await readDeviceContent(devicePath);
    return { devicePath, deviceNumber: number, mounted, signatures, halfMade: isHalfMadeXfs(head) };
  }

  async #apply(step: StageStep, devicePath: string, stagingPath: string, volume: string): Promise<void> {
    switch (step.do) {
      case 'unmountStale':
        this.#log.warn('unmounting what an earlier attachment left at the staging path', {
          volume,
          stagingPath,
          device: step.device,
        });
        return this.#mounter.unmount(stagingPath);
      case 'format':
        this.#log.info('formatting a blank volume', { volume, fileSystem: step.fileSystem });
        return makeFileSystem(devicePath, step.fileSystem);
      case 'check':
        return checkFileSystem(devicePath, step.fileSystem, step.how);
      case 'mount':
        return this.#mounter.mount(devicePath, stagingPath, step.fileSystem, step.options);
    }
  }
}
