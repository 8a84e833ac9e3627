/**
 * All devices of an open pool: its groups, its log, its labels and roots. Made by create-set.ts and open-set.ts.
 *
 * The order that makes a root trustworthy is the caller's: everything it names is written and flushed before
 * `writeRoot`. What is here: the root says which device has everything, it goes to all devices in use, and it counts only
 * when no group has lost more devices than it has parity.
 */
import { OneByOne } from '../../../shared/one-by-one.ts';
import type { GroupCore } from './group-core.ts';
import type { BlockDevice } from '../block-device.ts';
import { type Arena, processArena } from './arena.ts';
import { ColumnGroup } from './column-group.ts';
import { headerOffsets, labelBytes, labelOffsets, shapeOf } from './geometry.ts';
import { encodeLabel, type Label, type LabelGroup, ringOffsetBytes, rootSlotBytes } from './label.ts';
import { DeviceNotes } from './device-notes.ts';
import { type DeviceReport, reportsOf } from './device-report.ts';
import { joinAreas, type LogArea, logArea } from './log-area.ts';
import { mendLabels } from './label-scrub.ts';
import { inUse, isCurrentNext, type Member } from './member.ts';
import { Ownership, type OwnerOptions } from './owner.ts';
import { encodeRoot, type Root, type RootDevice, slotOf } from './root.ts';
import type { GroupFailure, SegmentGroup } from './segment-group.ts';

export interface DeviceSetOptions {
  readonly label: Label;
  /** Members of each group, in the label's order. */
  readonly members: readonly (readonly Member[])[];
  readonly logMembers: readonly (readonly Member[])[];
  /** Undefined: no heartbeat; for tools that only read, and tests. */
  readonly owner?: OwnerOptions | undefined;
  readonly arena?: Arena;
  /** Nothing is written, not even a repair. */
  readonly readOnly?: boolean;
  /** The open transaction group. */
  readonly openTxg: number;
  /** Of the newest note (device-states.ts); 0 without any. */
  readonly noteSequence?: number;
  /** Undefined in a new pool. */
  readonly lastRoot?: Root;
}

export interface LabelOrder {
  readonly first?: readonly string[];
  readonly before?: (label: Label) => Promise<void>;
}

export class DeviceSet {
  readonly pool: string;
  readonly arena: Arena;
  /** Settles when a group has failed or another owner is there: the pool can not go on. */
  readonly failed: Promise<GroupFailure>;
  /** A device's state has changed: the next root should come soon. */
  onChange: () => void = () => undefined;
  label: Label;
  readonly #groups: ColumnGroup[] = [];
  #logCores: readonly GroupCore[] = [];
  readonly #ring: LogArea;
  #logDevices: LogArea | undefined;
  readonly #ownership: Ownership | undefined;
  #fail: (failure: GroupFailure) => void = () => undefined;
  #openTxg: number;
  /** The newest root that was begun. */
  #rootTxg: number;
  /** The newest root that was begun in this run, or the one that was opened. */
  #lastRoot: Root | undefined;
  readonly #notes: DeviceNotes;
  readonly #readOnly: boolean;
  /** Changes and scrubs of labels. */
  readonly #labelling = new OneByOne();
  #isClosed = false;

  constructor(options: DeviceSetOptions) {
    this.pool = options.label.pool;
    this.label = options.label;
    this.arena = options.arena ?? processArena();
    this.#openTxg = options.openTxg;
    this.#rootTxg = options.openTxg - 1;
    this.#lastRoot = options.lastRoot;
    this.#notes = new DeviceNotes(options.noteSequence ?? 0, {
      note: (sequence) => ({ pool: this.pool, txg: this.#rootTxg, sequence, devices: this.#states() }),
      write: (offsetBytes, slot) =>
        this.#eachInUse(async (core, member) => {
          for (const label of labelOffsets(member.sizeBytes))
            await core.writeThrough(member, label + offsetBytes, slot);
        }),
    });
    this.#readOnly = options.readOnly ?? false;
    this.failed = new Promise((resolve) => (this.#fail = resolve));
    this.#ownership = options.owner === undefined ? undefined : this.#own(options.owner);
    for (const [i, group] of this.label.groups.entries()) this.#open(group, options.members[i] ?? []);
    this.#ring = logArea(this.group(0).core, this.label.groups[0]?.logBytes ?? 0);
    this.setLogs(options.logMembers);
  }

  get groups(): readonly ColumnGroup[] {
    return this.#groups;
  }
  group(index: number): ColumnGroup {
    const group = this.#groups[index];
    if (group === undefined) throw new RangeError(`pool ${this.pool} has no group ${index}`);
    return group;
  }
  get members(): readonly Member[] {
    return this.cores.flatMap(({ members }) => members);
  }
  /** The ring on the data devices, and the log devices' if there are any. */
  get logs(): { readonly ring: LogArea; readonly devices: LogArea | undefined } {
    return { ring: this.#ring, devices: this.#logDevices };
  }

  get openTxg(): number {
    return this.#openTxg;
  }
  /** At each cut: what is sent from now on belongs to this group. */
  set openTxg(txg: number) {
    this.#openTxg = txg;
    for (const group of this.#groups) group.openTxg = txg;
  }

  devices(): readonly DeviceReport[] {
    return [
      ...this.#groups.flatMap(({ core, index }) =>
        core.members.flatMap((member) => reportsOf(index, member)),
      ),
      ...this.#logCores.flatMap((core) => core.members.flatMap((member) => reportsOf(-1, member))),
    ];
  }

  /** The newest root that was begun. */
  get rootTxg(): number {
    return this.#rootTxg;
  }

  /** See SegmentGroup.flush. */
  async flush(): Promise<void> {
    await Promise.all(this.#groups.map((group) => group.flush()));
  }

  /**
   * Everything the root names is flushed. Durable on all devices in use when answered. Rejects with GroupFailure: then
   * nobody knows whether it counts.
   */
  async writeRoot(root: {
    readonly txg: number;
    readonly clean: boolean;
    readonly payload: Uint8Array;
  }): Promise<void> {
    await this.#ownership?.confirm();
    this.#rootTxg = root.txg;
    for (const member of this.members) if (isCurrentNext(member)) member.goodTxg = root.txg;
    this.#lastRoot = { ...root, pool: this.pool, devices: this.#states() };
    await this.#writeSlot(this.#lastRoot, () => true);
    for (const group of this.#groups) group.core.throwIfFailed();
  }

  /**
   * The last root to devices that have just been taken in: one that has no root at all when a later one lists it would
   * pass for an image of long ago.
   */
  async writeLastRoot(members: readonly Member[]): Promise<void> {
    if (this.#lastRoot !== undefined)
      await this.#writeSlot(this.#lastRoot, (member) => members.includes(member));
  }

  async #writeSlot(root: Root, isMeant: (member: Member) => boolean): Promise<void> {
    const slot = encodeRoot(root);
    const at = ringOffsetBytes + slotOf(root.txg) * rootSlotBytes;
    await this.#eachInUse(async (core, member) => {
      if (!isMeant(member)) return;
      const [front, back] = labelOffsets(member.sizeBytes);
      await Promise.all([
        core.writeThrough(member, front + at, slot),
        core.writeThrough(member, back + at, slot),
      ]);
    });
  }

  #states(): readonly RootDevice[] {
    return this.members.map((member) => {
      const { guid, goodTxg, joinTxg, flushedCursor: cursor } = member;
      const state = isCurrentNext(member) ? 'current' : member.state;
      return { guid, state, goodTxg, joinTxg, cursor };
    });
  }

  readonly #onRetired = (): void => {
    this.#notes.retired();
    this.onChange();
  };

  /**
   * The header of every device in use, the front one last, after a change of the device tree. `change`: of the tree as it is
   * when no other change is under way; one that answers what it was given has all written anew. `before`: writes what has
   * to be there before; if it rejects nothing has changed. `first`: GUIDs of devices that get theirs before the others.
   */
  async writeLabels(change: (label: Label) => Label, order: LabelOrder = {}): Promise<void> {
    await this.#labelling.run(() => this.#writeLabels(change, order));
  }

  /** Runs when no label is being written, and none is until it has ended. */
  whileLabelsStay<T>(run: () => Promise<T>): Promise<T> {
    return this.#labelling.run(run);
  }

  async #writeLabels(change: (label: Label) => Label, { first = [], before }: LabelOrder): Promise<void> {
    await this.#ownership?.confirm();
    await mendLabels(this);
    const changed = change(this.label);
    const isSame = changed === this.label;
    const label = isSame ? changed : { ...changed, generation: this.label.generation + 1 };
    await before?.(label);
    const write = async (isFirst: boolean) => {
      await this.#eachInUse(async (core, member) => {
        if (first.includes(member.guid) !== isFirst) return;
        const header = encodeLabel({ ...label, device: member.guid });
        for (const offset of headerOffsets(member.sizeBytes)) await core.writeThrough(member, offset, header);
      });
    };
    await write(true);
    await write(false);
    this.label = label;
  }

  /** Before anything is written to devices that another machine may own. Rejects with PoolRefusal DeviceInUse. */
  async claim(): Promise<void> {
    await this.#ownership?.claim();
  }

  /** The same for one device that is to be taken in. Rejects with PoolRefusal DeviceInUse, or DeviceError. */
  async welcome(device: BlockDevice): Promise<void> {
    await this.#ownership?.welcome(device);
  }

  /** Lets the owner's heartbeat end, gives buffers back and closes the devices. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.#ownership?.stop(true);
    this.abandon();
    const opened = this.members.flatMap(({ device, former }) => [device ?? [], former?.device ?? []].flat());
    await Promise.all(opened.map((device) => device.close()));
  }

  /** As after a crash: nothing is written any more, nothing is closed; buffers go back. */
  abandon(): void {
    this.#isClosed = true;
    void this.#ownership?.stop(false);
    for (const group of this.#groups) group.abandon();
  }

  /** A group whose devices carry the label already; for change.ts. */
  addGroup(described: LabelGroup, members: readonly Member[]): SegmentGroup {
    return this.#open(described, members);
  }

  get logMembers(): readonly (readonly Member[])[] {
    return this.#logCores.map(({ members }) => members);
  }

  /** Log devices instead of those there were: they carry a label already that lists them, or get one next. */
  setLogs(members: readonly (readonly Member[])[]): void {
    const logs = members.map((copies) => this.#openLog(copies));
    this.#logCores = logs.map(({ core }) => core);
    this.#logDevices = logs.length === 0 ? undefined : joinAreas(logs.map(({ area }) => area));
  }

  #open(described: LabelGroup, members: readonly Member[]): ColumnGroup {
    const group = new ColumnGroup({
      index: this.#groups.length,
      shape: shapeOf(this.label.layout, members.length),
      members,
      segmentBytes: described.segmentBytes,
      segmentsOffset: labelBytes + described.logBytes,
      segments: described.segments,
      arena: this.arena,
      readOnly: this.#readOnly,
      permit: this.#permit,
      onChange: this.#onRetired,
      noted: this.#notes.whenNoted,
      onFailure: (failure) => this.#fail(failure),
    });
    group.openTxg = this.#openTxg;
    this.#groups.push(group);
    return group;
  }

  #openLog(members: readonly Member[]): { readonly core: GroupCore; readonly area: LogArea } {
    const { core } = new ColumnGroup({
      index: -1,
      shape: shapeOf('mirror', members.length),
      members,
      segmentBytes: 0,
      segmentsOffset: labelBytes,
      segments: 0,
      arena: this.arena,
      readOnly: this.#readOnly,
      permit: this.#permit,
      onChange: this.#onRetired,
      noted: this.#notes.whenNoted,
      // the ring on the data devices takes over
      onFailure: () => undefined,
    });
    const sizes = members.map(({ sizeBytes }) => labelOffsets(sizeBytes)[1] - labelBytes);
    return { core, area: logArea(core, Math.min(...sizes)) };
  }

  readonly #permit = (): Promise<void> | undefined => this.#ownership?.permit();

  #own(owner: OwnerOptions): Ownership {
    return new Ownership({
      pool: this.pool,
      owner,
      members: () => this.members,
      onForeign: (failure) => {
        for (const group of this.#groups) group.core.fail(failure);
        this.#fail(failure);
      },
      onDeviceError: (member, device, error) =>
        this.#coreOf(member)?.judge(member, device, 'heartbeat', error),
    });
  }

  #coreOf(member: Member): GroupCore | undefined {
    return this.cores.find(({ members }) => members.includes(member));
  }

  /** Groups and log devices. */
  get cores(): readonly GroupCore[] {
    return [...this.#groups.map(({ core }) => core), ...this.#logCores];
  }

  async #eachInUse(run: (core: GroupCore, member: Member) => Promise<void>): Promise<void> {
    await Promise.all(
      this.cores.flatMap((core) =>
        core.members.map(async (member) => {
          if (inUse(member) !== undefined) await run(core, member);
        }),
      ),
    );
  }
}
