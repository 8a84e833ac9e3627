/** What goes on beside users on the devices of an open pool, and how far it is. */
import { blockBytes } from '../../../shared/block-size.ts';
import type { ItemStore } from '../checkpoint/item-store.ts';
import type { DeviceSet } from '../group/device-set.ts';
import { scrubLabels } from '../group/label-scrub.ts';
import { Resilver } from '../group/resilver.ts';
import type { EngineHost } from '../host.ts';
import type { Pins } from '../pins.ts';
import type { ResilverStatus, ScrubStatus } from '../pool.ts';
import type { BlockSpace } from '../space/block-space.ts';
import { Background } from './background.ts';
import type { PoolSettings } from './pool-settings.ts';
import { Scrub } from './scrub.ts';

export interface DeviceWorkOptions {
  readonly host: EngineHost;
  readonly devices: DeviceSet;
  readonly space: BlockSpace;
  readonly items: ItemStore;
  readonly pins: Pins;
  /** As of the last root. */
  readonly settings: PoolSettings;
  wantCheckpoint(): void;
  /** Resolves when a root has all that was logged up to now. */
  rooted(): Promise<void>;
  onFailure(error: Error): void;
}

/** Redundancy is what it brings back; users have the other half. */
const resilverSharePercent = 50;

export class DeviceWork {
  readonly scrub: Scrub;
  readonly #options: DeviceWorkOptions;
  readonly #resilver: Resilver;
  readonly #background: Background;
  #scrubStartedMs: number | undefined;
  #scrubFinishedMs: number | undefined;
  /** When somebody first asked how far a device or the scrub is, and how far it was. */
  readonly #begun = new Map<string, { readonly atMs: number; readonly bytes: number }>();

  constructor(options: DeviceWorkOptions) {
    this.#options = options;
    const { host, devices, space, items, pins, settings } = options;
    this.scrub = new Scrub(
      {
        groups: devices.groups,
        space,
        items,
        settle: (group, segment) => devices.group(group).settle(segment),
        scrubLabels: () => devices.whileLabelsStay(() => scrubLabels(devices)),
      },
      settings.scrub,
    );
    this.#resilver = new Resilver(devices, {
      segmentsWritten: (group, afterTxg) => space.segmentsWritten(group, afterTxg),
      isFree: (group, segment) => space.segmentState(group, segment) === 'free',
      judge: async (group, segment) =>
        space.segmentState(group, segment) === 'system'
          ? items.judge(group, segment).isGood
          : await space.judge(group, segment),
      rooted: () => options.rooted(),
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
          sharePercent: resilverSharePercent,
          step: () => resilver.step(),
        },
        {
          get isNeeded() {
            return scrubbing.state.state === 'running';
          },
          get sharePercent() {
            return scrubbing.state.sharePercent;
          },
          step: () => this.#scrubStep(),
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

  resilvers(replaced: PoolSettings['replaced']): readonly ResilverStatus[] {
    return this.#resilver.progress().map(({ device, guid, doneSegments, totalSegments }) => {
      const group = this.#options.devices.groups.find(({ core }) =>
        core.members.some((member) => member.guid === guid),
      );
      const columnBytes = group === undefined ? 0 : (group.segmentUnits * blockBytes) / group.dataColumns;
      const [doneBytes, totalBytes] = [doneSegments * columnBytes, totalSegments * columnBytes];
      const rate = this.#rate(guid, doneBytes);
      return {
        device,
        replaces: replaced[guid],
        doneBytes,
        totalBytes,
        bytesPerSecond: rate,
        etaSeconds: rate === undefined || rate === 0 ? undefined : (totalBytes - doneBytes) / rate,
      };
    });
  }

  scrubStatus(): ScrubStatus | undefined {
    const { state, isComplete, unitsRepaired, unitsBad, runs } = this.scrub.state;
    const { doneBytes, totalBytes } = this.scrub.progress();
    if (state === 'idle' && !isComplete && doneBytes === 0 && this.#scrubStartedMs === undefined)
      return undefined;
    return {
      runs,
      state:
        state === 'running' ? 'RUNNING' : state === 'paused' ? 'PAUSED' : isComplete ? 'DONE' : 'STOPPED',
      doneBytes,
      totalBytes,
      bytesPerSecond: state === 'running' ? this.#rate('scrub', doneBytes) : undefined,
      repairedBlocks: unitsRepaired,
      lostBlocks: unitsBad,
      sharePercent: this.scrub.state.sharePercent,
      startedMs: this.#scrubStartedMs,
      finishedMs: this.#scrubFinishedMs,
    };
  }

  /** `sharePercent`: undefined: as before. */
  startScrub(sharePercent?: number): void {
    if (this.scrub.state.state === 'idle') {
      this.#scrubStartedMs = this.#options.host.clock.nowMs();
      this.#scrubFinishedMs = undefined;
      this.#begun.delete('scrub');
    }
    this.scrub.start(sharePercent);
    this.kick();
  }

  async #scrubStep(): Promise<boolean> {
    const hasMore = await this.#options.pins.hold(() => this.scrub.step());
    if (!hasMore) this.#scrubFinishedMs = this.#options.host.clock.nowMs();
    return hasMore;
  }

  /** Bytes per second since this was asked first. */
  #rate(what: string, doneBytes: number): number | undefined {
    const nowMs = this.#options.host.clock.nowMs();
    const begun = this.#begun.get(what) ?? { atMs: nowMs, bytes: doneBytes };
    this.#begun.set(what, begun);
    return nowMs > begun.atMs ? ((doneBytes - begun.bytes) * 1_000) / (nowMs - begun.atMs) : undefined;
  }
}
