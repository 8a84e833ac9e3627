/** Mounts of this container, which the kubelet's folder passes on to the host and the pods (Bidirectional). */
import { mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { mountAt, numberOf, parseMountInfo, type MountEntry } from '../../shared/mount-info.ts';
import { ownCommands, type Commands } from './command.ts';

export class Mounter {
  readonly #commands: Commands;
  constructor(commands: Commands = ownCommands) {
    this.#commands = commands;
  }

  async list(): Promise<readonly MountEntry[]> {
    return parseMountInfo(await readFile('/proc/self/mountinfo', 'utf8'));
  }

  async at(point: string): Promise<MountEntry | undefined> {
    return mountAt(await this.list(), point);
  }

  async mount(device: string, point: string, fsType: string, options: readonly string[]): Promise<void> {
    await mkdir(point, { recursive: true, mode: 0o750 });
    await this.#commands.run(['mount', '-t', fsType, '-o', options.join(','), device, point], {
      timeoutMs: 60_000,
    });
  }

  /** Shows `source`, a folder or a device, at `point` too. */
  async bind(
    source: string,
    point: string,
    options: { readOnly: boolean; isDevice: boolean },
  ): Promise<void> {
    await mkdir(options.isDevice ? dirname(point) : point, { recursive: true, mode: 0o750 });
    if (options.isDevice) await writeFile(point, '', { flag: 'a', mode: 0o660 });
    await this.#commands.run(['mount', '--bind', source, point]);
    if (!options.readOnly) return;
    // A remount is for this container alone; what the host and the pods see is a mount that was read-only when it was made.
    await this.#commands.run(['mount', '-o', 'remount,bind,ro', point]);
    await this.#commands.run(['mount', '--bind', point, point]);
  }

  /** Everything that is mounted at `point`, dead mounts too; rejects while somebody uses it. */
  async unmount(point: string): Promise<void> {
    for (let layers = 0; layers < 8 && (await this.at(point)) !== undefined; layers++)
      await this.#commands.run(['umount', point], { timeoutMs: 60_000 });
  }

  /** Unmounts, then removes the empty folder or file: a kubelet does not expect it any more. */
  async unmountAndRemove(point: string): Promise<void> {
    await this.unmount(point);
    const found = await stat(point).catch(() => undefined);
    if (found?.isDirectory()) await rmdir(point);
    else await rm(point, { force: true });
  }
}

/** `MAJOR:MINOR` of a block device, as mountinfo writes it. */
export async function deviceNumber(path: string): Promise<string> {
  return numberOf((await stat(path)).rdev);
}
