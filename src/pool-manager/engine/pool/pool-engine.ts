/**
 * The parts of an open pool put together, and what goes on by itself in it.
 *
 *   write ──▶ admission ──▶ block space ──▶ groups        commit ──▶ intent log (+ data flushed) ──▶ durable
 *                  │             ▲
 *             write room    cleaner pace                  checkpoints ──▶ trees, items, root ──▶ log and space freed
 *
 * It fails as a whole: from then on nothing becomes durable, and everybody who waits hears why.
 */
import { must } from '../../../shared/assert.ts';
import {
  type CheckpointParts,
  type ReplayStart,
  runCheckpoint,
  runTableCheckpoint,
} from '../checkpoint/checkpoint.ts';
import { RootNumbers } from '../checkpoint/root-numbers.ts';
import type { IntentLog } from '../log/intent-log.ts';
import { NodeStore } from '../map/node-store.ts';
import { Pins } from '../pins.ts';
import { BlockCache } from '../volume/block-cache.ts';
import type { EngineVolume } from '../volume/volume.ts';
import type { VolumeCore } from '../volume/volume-core.ts';
import { type CheckpointKind, Checkpoints } from './checkpoints.ts';
import { CleanerPace, type CleaningReason } from './cleaner-pace.ts';
import { DeviceWork } from './device-work.ts';
import { FairQueue, type TurnLimits } from './fair-queue.ts';
import { PoolAdmission } from './pool-admission.ts';
import { PoolCore } from './pool-core.ts';
import { type LoggedPool, openPoolLog } from './pool-log.ts';
import { PoolFailure, type PoolParts } from './pool-parts.ts';
import { encodeSettings, type PoolSettings, settingsKey } from './pool-settings.ts';
import { RoomJudge } from './room-judge.ts';
import { WriteRoom } from './write-room.ts';

/** However many devices there are: reads under way take memory. */
const readingBytesMax = 64 * 2 ** 20;

/** The cleaner is looked after when so many units more were written. */
const kickUnits = 256;
/**
 * By up to this part checkpoints come sooner, in each pool by another: replicas of a volume get the same writes, and an
 * answer needs a quorum of them, which are not to be busy at one time.
 */
const periodSpread = 0.2;
/** Where room is short, trees are built when this part of the pool was overwritten since the last time. */
const overwrittenPart = 256;
/** Roots come sooner when more than this part of the pool waits for them, and more than is free. */
const heldPart = 4;

export class PoolEngine implements LoggedPool {
  readonly parts: PoolParts;
  /** By slot, destroyed ones of which something is left too. */
  readonly volumes = new Map<number, EngineVolume>();
  readonly log: IntentLog;
  readonly admission: PoolAdmission;
  readonly checkpoints: Checkpoints;
  readonly cleaner: CleanerPace;
  readonly pins: Pins;
  readonly work: DeviceWork;
  settings: PoolSettings;
  readonly failed: Promise<Error>;
  failure: Error | undefined;
  durableTxg: number;
  readonly #numbers: RootNumbers;
  readonly #room: WriteRoom;
  readonly #judge: RoomJudge;
  readonly #nodes: NodeStore;
  readonly #blocks: BlockCache | undefined;
  readonly #reads: FairQueue;
  /** The last whole checkpoint: of what volumes were at its cut. */
  #whole: { readonly cutTxg: number; readonly start: ReplayStart } | undefined;
  /** Units that were noted when the cleaner was last looked after. */
  #kickedUnits = 0;
  #savedSettings: Uint8Array | undefined;
  readonly #tellFailure: (error: Error) => void;

  constructor(parts: PoolParts) {
    const { guid, host, limits, devices, space } = parts;
    this.parts = parts;
    this.#numbers = new RootNumbers(parts.txg + 1);
    this.durableTxg = parts.txg;
    this.settings = parts.settings;
    const failed = Promise.withResolvers<Error>();
    this.failed = failed.promise;
    this.#tellFailure = failed.resolve;
    this.pins = new Pins(() => this.openTxg);
    this.#nodes = new NodeStore(space, limits.nodeCacheBytesMax);
    const { blockCacheBytesMax } = limits;
    this.#blocks = blockCacheBytesMax > 0 ? new BlockCache(blockCacheBytesMax) : undefined;
    this.#reads = new FairQueue(readingLimits(limits.reading, devices.members.length));
    const pause = () => host.pause();
    const onFailure = (error: Error) => this.fail(error);
    const wantCheckpoint = () => this.wantCheckpoint();
    this.log = openPoolLog(this);
    this.admission = new PoolAdmission({
      pool: guid,
      room: space.room,
      roThresholdPercent: () => this.settings.properties.readOnlyThresholdPercent,
      onDeltas: (deltas) => this.#onDeltas(deltas),
    });
    this.checkpoints = new Checkpoints({
      clock: host.clock,
      restMs: limits.checkpointEveryMs * (1 - periodSpread),
      everyMs: limits.checkpointEveryMs * (1 - periodSpread * ((host.randomBytes(1)[0] ?? 0) / 256)),
      run: (kind) => this.#checkpoint(kind),
      isDirty: () => this.admission.deltasPending > 0 || this.log.isDirty,
      onLook: () => space.lookAtDiscards(),
      onIdle: () => this.#kickCleaner('idle'),
      onFailure,
    });
    this.#judge = new RoomJudge(
      parts,
      this.admission,
      this.checkpoints,
      () => this.hasWork(),
      () => this.log.notedUnits,
      () => this.volumes.size,
    );
    this.#room = new WriteRoom({ state: () => this.#roomState(), pause, clock: host.clock });
    this.cleaner = new CleanerPace({
      cleaning: space.cleaning,
      room: space.room,
      pin: (run) => this.pins.hold(run),
      appendedUnits: () => this.log.notedUnits,
      reads: () => this.#reads.asked,
      durableTxg: () => this.durableTxg,
      wantRoot: (kind) => (kind === 'table' ? this.checkpoints.wantTable() : wantCheckpoint()),
      pause,
      onProgress: () => this.#room.changed(),
      onFailure,
    });
    this.work = new DeviceWork({
      ...parts,
      pins: this.pins,
      wantCheckpoint,
      rooted: () => this.checkpoints.rooted(),
      onFailure,
    });
    devices.failed.then(onFailure, onFailure);
    devices.onChange = () => {
      wantCheckpoint(); // the next root says who has everything
      this.work.kick();
    };
  }

  /** The open transaction group. */
  get openTxg(): number {
    return this.#numbers.open;
  }

  /** What a volume gets; building and taking apart get that of slot 0. */
  coreOf(slot: number): VolumeCore {
    const { space, host, zstd } = this.parts;
    return new PoolCore({
      space,
      nodes: this.#nodes,
      blocks: this.#blocks,
      pins: this.pins,
      host,
      journal: this.log,
      admission: this.admission,
      readGate: this.#reads,
      zstd,
      onLost: this.parts.damage.map,
      txg: () => this.openTxg,
      commit: () => this.log.commit(),
      room: () => this.#room.wait(slot),
      hasRoom: () => this.#room.isOpen,
    });
  }

  /** Whether something deleted is left that checkpoints take apart. */
  hasWork(): boolean {
    for (const volume of this.volumes.values()) if (volume.hasWork) return true;
    return false;
  }

  fail(cause: Error): void {
    if (this.failure !== undefined) return;
    const { guid } = this.parts;
    this.failure = new PoolFailure(`pool ${guid} can not go on: ${cause.message}`, { cause });
    this.log.fail(this.failure);
    this.checkpoints.fail(this.failure);
    this.#room.fail(this.failure);
    this.#tellFailure(this.failure);
  }

  wantCheckpoint(): void {
    this.checkpoints.want();
  }

  /** The next root has them. */
  set(settings: Partial<PoolSettings>): void {
    this.settings = { ...this.settings, ...settings };
  }

  /** At import: which root was the last whole one nobody can tell, so all data counts as what the log behind it may speak of. */
  wholeBefore(start: ReplayStart): void {
    this.#whole = { cutTxg: 0, start };
    this.parts.space.release(0, 0, 0);
  }

  /** As after a crash: nothing goes on, nobody is answered, buffers go back. For tests. */
  abandon(): void {
    this.failure = new PoolFailure(`pool ${this.parts.guid} was abandoned`);
    this.log.refuse(this.failure);
    this.checkpoints.abandon(this.failure);
    void this.cleaner.stop();
    this.parts.devices.abandon();
  }

  #onDeltas(deltas: number): void {
    if (deltas > this.parts.limits.deltasMax && !this.checkpoints.isRunning) this.checkpoints.want();
    if (this.log.notedUnits - this.#kickedUnits < kickUnits) return;
    this.#kickedUnits = this.log.notedUnits;
    this.#kickCleaner('write');
    if (this.checkpoints.isRunning) return;
    if (this.#isMuchHeld() || this.#isMuchOverwritten(deltas)) this.checkpoints.want();
  }

  /** What died before it was in a tree comes back two roots later, and nothing has to be moved for it. */
  #isMuchHeld(): boolean {
    const { heldUnits, freeUnits, totalUnits } = this.parts.space.room;
    return heldUnits > totalUnits / heldPart && heldUnits > freeUnits;
  }

  /** What is overwritten stays in use until trees are built: where room is short, that costs the cleaner dearly. */
  #isMuchOverwritten(deltas: number): boolean {
    const { room, cleaning } = this.parts.space;
    if (deltas <= room.totalUnits / overwrittenPart) return false;
    return ['paced', 'urgent'].includes(cleaning.need) || deltas > room.freeUnits / 2;
  }

  #roomState(): 'open' | 'soon' {
    const busy = this.parts.devices.groups.filter((group) => group.isBusy);
    if (busy.length > 0 && busy.length === this.parts.devices.groups.length) {
      const changed = () => this.#room.changed();
      Promise.race(busy.map((group) => group.ready())).then(changed, changed);
      return 'soon';
    }
    if (this.cleaner.isBehind) return 'soon'; // its progress looks again
    const state = this.#judge.state();
    if (state === 'soon') this.#kickCleaner('wait');
    return state;
  }

  /** What users may ask for next is kept free beside the reserve. */
  #kickCleaner(why: CleaningReason): void {
    const { cleaning } = this.parts.space;
    cleaning.pendingUnits = this.admission.nodesPending;
    cleaning.wantedUnits = this.#judge.wantedUnits + cleaning.pendingUnits;
    this.cleaner.kick(why);
  }

  #saveSettings(): void {
    const settings = { ...this.settings, scrub: this.work.scrub.state };
    const bytes = encodeSettings(settings);
    if (this.#savedSettings !== undefined && Buffer.compare(bytes, this.#savedSettings) === 0) return;
    this.#savedSettings = bytes;
    this.parts.items.put(settingsKey, bytes);
  }

  async #checkpoint(kind: CheckpointKind): Promise<void> {
    if (kind === 'table') await this.#rootOfTable();
    else await this.#rootOfAll(kind === 'last');
    this.#judge.checkpointed(this.checkpoints.isBeside);
    this.#kickCleaner('write');
    this.#room.changed();
  }

  async #rootOfTable(): Promise<void> {
    const { cutTxg, start } = must(this.#whole, 'a whole root comes before one of the table');
    this.durableTxg = await runTableCheckpoint(this.#checkpointParts(), cutTxg, start);
  }

  async #rootOfAll(clean: boolean): Promise<void> {
    this.#saveSettings();
    const { txg, cutTxg, gone, start } = await runCheckpoint(this.#checkpointParts(), clean);
    this.durableTxg = txg;
    this.#whole = { cutTxg, start };
    for (const { slot } of gone) this.volumes.delete(slot);
    if (!clean && this.hasWork()) this.checkpoints.want();
  }

  #checkpointParts(): CheckpointParts {
    const { devices, space, items, limits } = this.parts;
    return {
      devices,
      space,
      items,
      log: this.log,
      core: this.coreOf(0),
      freeingNodesMax: limits.freeingNodesPerCheckpoint,
      volumes: () => [...this.volumes.values()],
      numbers: this.#numbers,
      beside: (building) => this.checkpoints.tableRootsBeside(building),
      oldestPinTxg: () => this.pins.oldestTxg,
    };
  }
}

const readingLimits = ({ requests, bytes, sharedBytes }: TurnLimits, devices: number): TurnLimits => ({
  requests: requests * devices,
  bytes: Math.min(readingBytesMax, bytes * devices),
  sharedBytes: sharedBytes * devices,
});
