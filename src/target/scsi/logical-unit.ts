/**
 * One logical unit over one volume: who is attached, what each is to be told, and the way of every command through
 * attention, reservation and its own function to a status. The one place where VolumeError becomes SCSI.
 */
import { must } from '../../shared/assert.ts';
import { VolumeError, type Volume } from '../volume.ts';
import { Cdb } from './cdb.ts';
import { commandOf } from './commands.ts';
import { reservationConflict } from './control.ts';
import { checkCondition, failureOf } from './failure.ts';
import { identityOf, type Identity } from './identity.ts';
import { initialModeState, type ModeState } from './mode-pages.ts';
import { Nexus } from './nexus.ts';
import { runElsewhere } from './other-units.ts';
import type { Outcome } from './reservation-actions.ts';
import { mayRun, type ReservationState } from './reservation-state.ts';
import { PlainTransfer } from './plain-transfer.ts';
import { Reservations } from './reservations.ts';
import { badField, CheckCondition, type Condition } from './sense.ts';
import { done, type ScsiResult } from './status.ts';
import { TaskOrder, type TaskGroup } from './task-order.ts';
import type { ScsiCommand, Unit } from './unit.ts';

/** A command as the transport has it. */
export interface CommandRequest {
  readonly lun: number;
  readonly cdb: Uint8Array;
  /** Task attribute, task-order.ts. */
  readonly attribute: number;
  readonly dataOut: Uint8Array;
  readonly roomBytes: number;
  /** Asked when its turn comes: a task that was aborted while it waited does nothing. */
  readonly isAborted: () => boolean;
}

const persistentReserveOpcodes = { in: 0x5e, out: 0x5f } as const;
const preemptAndAbort = { opcode: persistentReserveOpcodes.out, action: 5 } as const;

/** Initiators that are remembered after they left. */
const knownNexusesMax = 1024;

export class LogicalUnit implements Unit {
  readonly volume: Volume;
  readonly identity: Identity;
  mode: ModeState = initialModeState();
  reservedBy: Nexus | undefined;
  readonly #nexuses = new Set<Nexus>();
  /** Names of nexuses that were told of the power-on. */
  readonly #known = new Set<string>();
  readonly #order = new TaskOrder();
  readonly #plain = new PlainTransfer();
  readonly #persistent: Reservations;
  readonly #endTasksOf: (nexus: Nexus) => Promise<unknown>;

  /**
   * `endTasksOf` ends what runs for a nexus without an answer, and settles when nothing of it touches the volume any more.
   * Throws when the volume keeps reservations that are of a later release.
   */
  constructor(volume: Volume, iqn: string, endTasksOf: (nexus: Nexus) => Promise<unknown>) {
    this.volume = volume;
    this.identity = identityOf(iqn);
    this.#persistent = new Reservations(volume);
    this.#endTasksOf = endTasksOf;
  }

  get reservations(): ReservationState {
    return this.#persistent.state;
  }

  portsOf(initiator: string): readonly string[] {
    const names = [...this.#nexuses].map(({ name }) => name);
    return names.filter((name) => name.startsWith(`${initiator},`));
  }

  async changeReservations(
    from: Nexus,
    apply: (state: ReservationState, from: string) => Outcome,
    options: { readonly abortsTasks: boolean; readonly transferBytes: number },
  ): Promise<ScsiResult> {
    const change = await this.#persistent.change((state) => apply(state, from.name));
    if (change === 'conflict') return reservationConflict;
    const nexuses = [...this.#nexuses];
    for (const { port, condition } of change.attentions)
      for (const nexus of nexuses) if (nexus.name === port) nexus.warn(condition);
    if (options.abortsTasks) {
      const ended = nexuses.filter((nexus) => nexus !== from && change.preempted.includes(nexus.name));
      await Promise.all(ended.map((nexus) => this.#endTasksOf(nexus)));
    }
    return { ...done, transferBytes: options.transferBytes };
  }

  /** A new session; `name` is the initiator port. The first of a name hears of the power-on, a later one of the loss. */
  attach(name: string): Nexus {
    const nexus = new Nexus(name, this.volume.sizeBytes);
    nexus.warn(this.#known.has(name) ? 'nexusLost' : 'poweredOn');
    if (this.#known.size >= knownNexusesMax) this.#known.clear();
    this.#known.add(name);
    this.#nexuses.add(nexus);
    return nexus;
  }

  /** The session is over, in whatever way: its reservation goes with it (SPC-2 §5.5.1). */
  detach(nexus: Nexus): void {
    this.#nexuses.delete(nexus);
    if (this.reservedBy === nexus) this.reservedBy = undefined;
  }

  /** LOGICAL UNIT RESET and what includes it (SAM-5 §6.3.3). The transport has ended the tasks. */
  reset(): void {
    this.reservedBy = undefined;
    this.mode = initialModeState();
    for (const nexus of this.#nexuses) nexus.warn('unitReset');
  }

  /** `from` undefined: everybody. */
  warnOthers(from: Nexus | undefined, condition: Condition): void {
    for (const nexus of this.#nexuses) if (nexus !== from) nexus.warn(condition);
  }

  /** Runs a command to its status; rejects only when something of ours is broken. */
  execute(nexus: Nexus, request: CommandRequest): Promise<ScsiResult> {
    const start = () => (request.isAborted() ? Promise.resolve(done) : this.#translate(nexus, request));
    // It waits for the end of others' commands: were it in their order, one of them could wait for it.
    const { cdb } = request;
    const aborts = cdb[0] === preemptAndAbort.opcode && ((cdb[1] ?? 0) & 0x1f) === preemptAndAbort.action;
    return aborts ? start() : this.#order.run(request.attribute, start);
  }

  /**
   * The CDB at `at`, if it is a plain READ or WRITE and nothing stands in its way: nobody is to be told anything, nothing is
   * reserved or protected, no ordered command is concerned. Then the volume may be asked for it at once. Valid until the
   * next call.
   */
  plain(nexus: Nexus, cdb: DataView, at: number): PlainTransfer | undefined {
    const { volume } = this;
    const plain = this.#plain;
    if (!plain.parse(cdb, at, nexus.knownBytes) || volume.sizeBytes !== nexus.knownBytes) return undefined;
    if (nexus.hasAttention || (volume.spaceIsLow === true) !== nexus.knowsSpaceIsLow) return undefined;
    if (this.reservedBy !== undefined || this.reservations.reservation !== undefined) return undefined;
    if (plain.write && (volume.readOnly === true || this.mode.writeProtected)) return undefined;
    return this.#order.running === undefined ? undefined : plain;
  }

  /** A plain command begins that is not over at once. Its end is told by `leave`. */
  enter(): TaskGroup {
    const group = must(this.#order.running, 'a plain command is simple, and no ordered one is there');
    this.#order.enter(group);
    return group;
  }

  leave(group: TaskGroup): void {
    this.#order.leave(group);
  }

  /** What a plain command came to that the volume could not do. */
  failed(error: VolumeError): ScsiResult {
    return failureOf(error, this.mode.descriptorSense);
  }

  async #translate(nexus: Nexus, request: CommandRequest): Promise<ScsiResult> {
    try {
      return await this.#run(nexus, request);
    } catch (error) {
      if (error instanceof CheckCondition) return checkCondition(error, this.mode.descriptorSense);
      if (!(error instanceof VolumeError)) throw error;
      return this.failed(error);
    }
  }

  #run(nexus: Nexus, request: CommandRequest): ScsiResult | Promise<ScsiResult> {
    const cdb = new Cdb(request.cdb);
    if (request.lun !== 0) return runElsewhere(cdb, this.identity);
    if (this.volume.sizeBytes !== nexus.knownBytes) {
      nexus.knownBytes = this.volume.sizeBytes;
      nexus.warn('capacityChanged');
    }
    const spaceIsLow = this.volume.spaceIsLow === true;
    if (spaceIsLow && !nexus.knowsSpaceIsLow) nexus.warn('thinThresholdReached');
    nexus.knowsSpaceIsLow = spaceIsLow;
    const row = commandOf(cdb);
    if (row?.always !== true) {
      const attention = nexus.take();
      if (attention !== undefined) throw new CheckCondition(attention);
      if (this.#conflicts(nexus, cdb.opcode)) return reservationConflict;
    }
    if (row === undefined) throw new CheckCondition('invalidOpcode');
    if (!mayRun(this.reservations, nexus.name, row.access)) return reservationConflict;
    const last = row.usage.byteLength - 1;
    if (cdb.bit(last, 2)) throw badField(last, 2); // NACA: auto contingent allegiance is not supported
    const command: ScsiCommand = { cdb, nexus, dataOut: request.dataOut, roomBytes: request.roomBytes };
    return row.run(this, command);
  }

  /** With a RESERVE(6): everything of others, and whatever concerns persistent reservations (SPC-2 §5.5.1). */
  #conflicts(nexus: Nexus, opcode: number): boolean {
    if (this.reservedBy === undefined) return false;
    const { in: reserveIn, out } = persistentReserveOpcodes;
    return this.reservedBy !== nexus || opcode === reserveIn || opcode === out;
  }
}
