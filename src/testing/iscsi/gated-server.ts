/** A portal over a volume whose requests wait until they are let go: for tests of the server over sockets. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import { login, LoginError, type Initiator, type LoginOptions } from '../../../e2e/initiator/initiator.ts';
import { silentLog } from '../../shared/log.ts';
import { MemoryVolume } from '../../target/memory-volume.ts';
import { serveIscsi, type TargetServer, type TargetServerOptions } from '../../target/server.ts';
import type { QuickVolume, VolumeError } from '../../target/volume.ts';

export const iqn = 'iqn.2016-09.com.openebs.cstor:pvc-1';
export const sizeBytes = 64 << 20;
/** Servers of the test that runs; its end stops them. */
const open: { readonly stop: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.stop();
});

/** The test that runs ends with it. */
export const stopAfter = (server: { readonly stop: () => Promise<void> }): void => void open.push(server);

/** A volume whose requests wait until they are let go. */
export class GatedVolume extends MemoryVolume {
  #gate: Promise<void> | undefined;
  #open: () => void = () => undefined;
  waiting = 0;
  written: number[] = [];
  /** Quick writes fail so. */
  failQuick: VolumeError | undefined;
  override get quick(): QuickVolume {
    return this.#gated(super.quick);
  }
  shut(): void {
    ({ promise: this.#gate, resolve: this.#open } = Promise.withResolvers<void>());
  }
  letGo(): void {
    this.#open();
    this.#gate = undefined;
  }
  override async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    await this.pass();
    return super.read(offsetBytes, lengthBytes);
  }
  override async write(offsetBytes: number, data: Uint8Array): Promise<void> {
    await this.pass();
    this.written.push(data[0] ?? -1);
    return super.write(offsetBytes, data);
  }
  #gated(quick: QuickVolume): QuickVolume {
    return {
      read: (offsetBytes, lengthBytes, answer) =>
        this.#passQuickly(() => quick.read(offsetBytes, lengthBytes, answer)),
      write: (offsetBytes, data, answer) => {
        if (this.failQuick) return answer.quickDone(this.failQuick, undefined);
        const copy = new Uint8Array(data);
        this.#passQuickly(() => {
          this.written.push(copy[0] ?? -1);
          quick.write(offsetBytes, copy, answer);
        });
      },
    };
  }
  #passQuickly(go: () => void): void {
    if (this.#gate === undefined) go();
    else void this.pass().then(go);
  }
  async pass(): Promise<void> {
    const gate = this.#gate;
    if (gate === undefined) return;
    this.waiting++;
    await gate;
    this.waiting--;
  }
}

export async function serve(
  more: Partial<TargetServerOptions> = {},
): Promise<{ server: TargetServer; volume: GatedVolume }> {
  const volume = new GatedVolume(sizeBytes);
  const server = await serveIscsi({ volume, iqn, listen: '127.0.0.1:0', log: silentLog, ...more });
  stopAfter(server);
  return { server, volume };
}
export const enter = (server: TargetServer, more: Partial<LoginOptions> = {}) =>
  login({ portal: server.address, target: iqn, ...more });
export const refusal = async (attempt: Promise<Initiator>) => {
  try {
    await attempt;
    return 'in';
  } catch (error) {
    return error instanceof LoginError ? `${error.statusClass}/${error.statusDetail}` : String(error);
  }
};
/** Waits for something that is bound to happen; the test's own limit ends it otherwise. */
export const until = async (holds: () => boolean) => {
  while (!holds()) await sleep(2);
};
export const filled = (bytes: number, value: number) => new Uint8Array(bytes).fill(value);
