/** What goes on beside users on the devices of an open pool, and how far it is. */
import type { ItemStore } from '../checkpoint/item-store.ts';
import type { DeviceSet } from '../group/device-set.ts';
import { Resilver } from '../group/resilver.ts';
import type { EngineHost } from '../host.ts';
import type { Pins } from '../pins.ts';
import type { ResilverStatus, ScrubStatus } from '../pool.ts';
import type { BlockSpace } from '../space/block-space.ts';
import { Background } from './background.ts';
import { Scrub, type ScrubState } from './scrub.ts';

export interface DeviceWorkOptions {
  readonly host: EngineHost;
  readonly devices: DeviceSet;
  readonly space: BlockSpace;
  readonly items: ItemStore;
  readonly pins: Pins;
  readonly scrub: ScrubState;
  wantCheckpoint(): void;
  onFailure(error: Error): void;
}

export class DeviceWork {
  readonly scrub: Scrub;
  readonly #options: DeviceWorkOptions;
  readonly #resilver: Resilver;
  readonly #background: Background;
  /** When each device began to be copied to, and how many bytes it had then. */
  readonly #begun = new Map<string, { readonly atMs: number; readonly bytes: number }>();

  constructor(options: DeviceWorkOptions) {
    this.#options = options;
    const { host, devices, space, items, pins, scrub } = options;
    this.scrub = new Scrub({ groups: devices.groups, space, items }, scrub);
    this.#resilver = new Resilver(devices, {
      segmentsWritten: (group, afterTxg) => space.segmentsWritten(group, afterTxg),
      isFree: (group, segment) => space.segmentState(group, segment) === 'free',
      judge: async (group, segment) =>
        space.segmentState(group, segment) === 'system'
          ? items.judge(group, segment)
          : await space.judge(group, segment),
      pin: (run) => pins.hold(run),
    });
    const resilver = this.#resilver;
    const scrubbing = this.scrub;
    this.#background = new Background({
      tasks: [
        {
          get isNeeded() {
            return resilver.isNeeded;
          },
          step: () => resilver.step(),
        },
        {
          get isNeeded() {
            return scrubbing.state.state === 'running';
          },
          step: () => pins.hold(() => scrubbing.step()),
        },
      ],
      clock: host.clock,
      pause: () => host.pause(),
      wantCheckpoint: () => options.wantCheckpoint(),
      onFailure: (error) => options.onFailure(error),
    });
  }

  kick(): void {
    this.#background.kick();
  }

  async stop(): Promise<void> {
    await this.#background.stop();
  }

  /** Resolves when no device lacks anything and no scrub runs. */
  async settled(): Promise<void> {
    this.kick();
    await this.#background.settled();
  }

  resilvers(): readonly ResilverStatus[] {
    const nowMs = this.#options.host.clock.nowMs();
    return this.#resilver.progress().map(({ device, guid, doneSegments, totalSegments, copiedBytes }) => {
      const begun = this.#begun.get(guid) ?? { atMs: nowMs, bytes: copiedBytes };
      this.#begun.set(guid, begun);
      const seconds = (nowMs - begun.atMs) / 1_000;
      const bytesPerSecond = seconds > 0 ? (copiedBytes - begun.bytes) / seconds : undefined;
      const left =
        doneSegments === 0 ? undefined : (copiedBytes / doneSegments) * (totalSegments - doneSegments);
      const etaSeconds =
        left === undefined || bytesPerSecond === undefined || bytesPerSecond <= 0
          ? undefined
          : left / bytesPerSecond;
      return { device, doneSegments, totalSegments, copiedBytes, bytesPerSecond, etaSeconds };
    });
  }

  scrubStatus(): ScrubStatus {
    const { state, unitsDone, unitsRepaired, unitsBad } = this.scrub.state;
    return { state, unitsDone, unitsRepaired, unitsBad, ...this.scrub.progress() };
  }
}
