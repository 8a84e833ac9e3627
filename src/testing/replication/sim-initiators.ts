/**
 * Initiators over a logical unit: their commands are executed, plain ones on the express lane; repeated after a unit attention, as
 * operating systems do, and given up by task management.
 */
import { must } from '../../shared/assert.ts';
import type { Coordinator } from '../../replication/coordinator/coordinator.ts';
import { declaredLoss, granted, initiatorsKey } from '../../replication/loss.ts';
import type { CoordinatedVolume } from '../../target/coordinated-volume.ts';
import type { QuickAnswer } from '../../target/volume.ts';
import { LogicalUnit } from '../../target/scsi/logical-unit.ts';
import type { Nexus } from '../../target/scsi/nexus.ts';
import { scsiStatus, type ScsiResult } from '../../target/scsi/status.ts';
import { taskAttribute } from '../../target/scsi/task-order.ts';
import { told } from '../scsi-rig.ts';
import type { DoorAnswer, DoorProblem, ManagementName } from './sim-door.ts';
import type { SimProcess } from './sim-process.ts';
import { RunningCommands, type Running } from './sim-running.ts';
import { hold } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

const iqn = 'iqn.2016-09.com.openebs.cstor:v';
const initiatorsMax = 3;
/** How often a command is repeated after a unit attention. */
const repeatsMax = 8;

/** By sense key and code: what an initiator makes of it. */
const problems: ReadonlyMap<number | string, DoorProblem> = new Map<number | string, DoorProblem>([
  [scsiStatus.busy, 'busy'],
  ['7/2707', 'noSpace'],
  ['3/1100', 'unreadable'],
  ['3/0c00', 'lost'],
  ['e/1d00', 'differs'],
]);

const initiatorOf = (index: number): string => `iqn.i${index}`;

export interface Command {
  readonly cdb: readonly number[];
  readonly dataOut?: Uint8Array;
  readonly roomBytes?: number;
  /** Whether it has to be durable when answered. */
  readonly flushes?: boolean;
}

export class SimInitiators {
  readonly #world: SimWorld;
  readonly #coordinator: Coordinator;
  readonly #volume: CoordinatedVolume;
  /** Not answered yet. */
  readonly running: RunningCommands;
  /** Initiators that were told of a lossy recovery, by this target. */
  readonly #told = new Set<string>();
  /** Of the recovery whose loss this target tells of; 0: of none. */
  #lossEpoch = 0;
  #unit: LogicalUnit | undefined;
  #nexuses: readonly Nexus[] = [];
  #commands = 0;

  constructor(world: SimWorld, coordinator: Coordinator, process: SimProcess, volume: CoordinatedVolume) {
    this.#world = world;
    this.#coordinator = coordinator;
    this.#volume = volume;
    this.running = new RunningCommands(process);
  }

  /** The target serves: initiators may log in. */
  open(): void {
    const { lossyEpoch, values } = this.#coordinator;
    this.#lossEpoch = lossyEpoch || (declaredLoss(values)?.epoch ?? 0);
    if (this.#lossEpoch > 0) this.#volume.lost(this.#lossEpoch);
    if (this.#world.plan.seed % 2 === 0 && granted(values).length === 0) this.#grant();
    const unit = new LogicalUnit(this.#volume, iqn, (nexus) =>
      this.running.end((one) => one.nexus === nexus),
    );
    this.#unit = unit;
    this.#nexuses = Array.from({ length: initiatorsMax }, (_, i) => unit.attach(`${initiatorOf(i)},i,0x1`));
  }

  /** Somebody says by name who may log in; where that fails the next target is told. */
  #grant(): void {
    const names = Array.from({ length: initiatorsMax }, (_, i) => initiatorOf(i));
    this.#coordinator.setValue(initiatorsKey, JSON.stringify(names), this.running.nowMs, () => undefined);
  }

  manage(what: ManagementName, answer: DoorAnswer<void>): void {
    const { reach, scheduler } = this.#world;
    const { first } = this.running;
    if (!this.#unit || !first) return answer({ ok: false, problem: 'aborted' });
    reach.hit(`SCSI ${what}`);
    const ofWhom = {
      'abort task': (one: Running) => one === first,
      'abort task set': (one: Running) => one.nexus === first.nexus,
      'logical unit reset': () => true,
    };
    const ended = this.running.end(ofWhom[what]);
    if (what === 'logical unit reset') this.#unit.reset();
    scheduler.watch(ended.then(() => answer({ ok: true, value: undefined })));
  }

  /** Each second command is of the other shape. */
  get isEven(): boolean {
    return this.#commands % 2 === 0;
  }

  /** `valueOf`: what the initiator makes of a command that succeeded. */
  run<T>(command: Command, answer: DoorAnswer<T>, valueOf: (result: ScsiResult) => T): void {
    const nexus = this.#nexuses[this.#commands % initiatorsMax];
    this.#commands += 1;
    // Before a target serves nobody can log in.
    if (!this.#unit || !nexus) return answer({ ok: false, problem: 'busy' });
    this.#world.reach.hit('SCSI command');
    const knewLoss = this.#told.has(nexus.initiator);
    this.#world.scheduler.watch(
      this.#outcome(nexus, command).then((result) => {
        if (result === undefined) return answer({ ok: false, problem: 'aborted' });
        const problem = result.status === scsiStatus.good ? undefined : this.#problem(result);
        if (command.flushes === true) this.#tellsLoss(nexus, problem, knewLoss);
        if (problem !== undefined) answer({ ok: false, problem });
        else answer({ ok: true, value: valueOf(result) });
      }),
    );
  }

  #problem(result: ScsiResult): DoorProblem {
    const problem = problems.get(told(result));
    hold(problem !== undefined, `SCSI: nobody expects ${told(result)}`);
    if (problem === 'busy') this.#world.reach.hit('SCSI busy');
    return problem;
  }

  /**
   * An initiator that may have lost writes hears of it before its first flush succeeds, and not again from the same target by a
   * flush that it asks for when it knows (`knewLoss`). Where it was known by name, a later target tells it as well.
   */
  #tellsLoss({ initiator }: Nexus, problem: DoorProblem | undefined, knewLoss: boolean): void {
    const { toldOfLoss, reach, truth } = this.#world;
    const { epoch } = this.#coordinator.status();
    const lossEpoch = this.#lossEpoch;
    if (problem === 'lost') {
      hold(
        lossEpoch > 0 && !knewLoss,
        `R5: ${initiator} is told of a loss that it knows, or that there was not`,
      );
      this.#told.add(initiator);
      toldOfLoss.set(initiator, Math.max(lossEpoch, toldOfLoss.get(initiator) ?? 0));
      reach.hit(lossEpoch === epoch ? 'R5 initiator told' : 'R5 initiator told by a later target');
    } else if (problem === undefined) {
      const untold = truth
        .losses(epoch)
        .filter((loss) => loss.epoch === epoch || loss.initiators.includes(initiator))
        .findLast((loss) => (toldOfLoss.get(initiator) ?? 0) < loss.epoch);
      hold(
        untold === undefined,
        `R5: ${initiator} flushes over the loss of epoch ${untold?.epoch}, of which it was not told`,
      );
    }
  }

  /** Of the command, or of a repetition; undefined: it was aborted. */
  async #outcome(nexus: Nexus, command: Command): Promise<ScsiResult | undefined> {
    let given = command;
    for (let repeats = 0; ; repeats++) {
      const express = this.#express(nexus, given);
      // Whoever does not take it in at once gets memory of its own (iscsi/task.ts).
      if (repeats === 0 && given.dataOut) given = { ...given, dataOut: Buffer.from(given.dataOut) };
      const result = await (express ?? this.#execute(nexus, given));
      const isAttention = result !== undefined && String(told(result)).startsWith('6/');
      if (!isAttention) return result;
      this.#world.reach.hit('SCSI unit attention');
      hold(repeats < repeatsMax, `SCSI: unit attentions without end: ${told(result)}`);
    }
  }

  /** The way of plain commands (target/server-express.ts): undefined where it is none. */
  #express(nexus: Nexus, { cdb, dataOut }: Command): Promise<ScsiResult | undefined> | undefined {
    const unit = must(this.#unit, 'a unit');
    const { quick } = unit.volume;
    const padded = new Uint8Array(16);
    padded.set(cdb);
    const plain = this.#commands % 4 === 0 ? undefined : unit.plain(nexus, new DataView(padded.buffer), 0);
    if (plain === undefined || quick === undefined) return undefined;
    this.#world.reach.hit('express lane');
    const { write, fua, offsetBytes, lengthBytes } = plain;
    const { promise, resolve } = Promise.withResolvers<ScsiResult | undefined>();
    const group = unit.enter();
    const one = this.running.begin(nexus, cdb, false, promise);
    const answer: QuickAnswer = {
      quickDone: (problem, data) => {
        unit.leave(group);
        this.running.done(one);
        const result = problem === undefined ? good(data) : unit.failed(problem);
        if (!one.isAborted) result.answered?.();
        resolve(one.isAborted ? undefined : result);
      },
    };
    if (write) quick.write(offsetBytes, must(dataOut, 'data'), answer, fua ? nexus.initiator : undefined);
    else quick.read(offsetBytes, lengthBytes, answer);
    return promise;
  }

  async #execute(nexus: Nexus, { cdb, dataOut, roomBytes }: Command): Promise<ScsiResult | undefined> {
    const padded = new Uint8Array(16);
    padded.set(cdb);
    const { untagged, ordered, headOfQueue, simple } = taskAttribute;
    const drawn = this.#commands % 40;
    const attribute = drawn === 0 ? ordered : drawn === 1 ? headOfQueue : drawn < 10 ? untagged : simple;
    const one = this.running.begin(nexus, cdb, attribute === ordered, Promise.resolve());
    const end = must(this.#unit, 'a unit').execute(nexus, {
      lun: 0,
      cdb: padded,
      attribute,
      dataOut: dataOut ?? new Uint8Array(0),
      roomBytes: roomBytes ?? 0,
      isAborted: () => one.isAborted,
    });
    one.end = end;
    const result = await end;
    this.running.done(one);
    if (one.isAborted) return undefined;
    result.answered?.();
    return result;
  }
}

/** What is read is good until the answer returns: a connection copies it into its outbox. */
const good = (data: Uint8Array | undefined): ScsiResult => ({
  status: scsiStatus.good,
  transferBytes: data?.byteLength ?? 0,
  ...(data === undefined ? {} : { data: new Uint8Array(data) }),
});
