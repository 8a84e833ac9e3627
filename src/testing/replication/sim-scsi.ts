/**
 * Initiators that speak SCSI: every request is a CDB that the real logical unit runs over the real volume. They repeat a
 * command after a unit attention, as operating systems do, and give up on some by task management.
 */
import { must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import type { Coordinator } from '../../replication/coordinator/coordinator.ts';
import { CoordinatedVolume } from '../../target/coordinated-volume.ts';
import { LogicalUnit } from '../../target/scsi/logical-unit.ts';
import type { Nexus } from '../../target/scsi/nexus.ts';
import { scsiStatus, type ScsiResult } from '../../target/scsi/status.ts';
import { taskAttribute } from '../../target/scsi/task-order.ts';
import { cdbs, told, u16, u32, u64 } from '../scsi-rig.ts';
import type { Door, DoorAnswer, DoorProblem, ManagementName } from './sim-door.ts';
import type { SimProcess } from './sim-process.ts';
import { hold } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

const sectors = blockBytes / 512;
const iqn = 'iqn.2016-09.com.openebs.cstor:v';
const initiatorsMax = 3;
/** Reads and flushes. */
const lockless: ReadonlySet<number> = new Set([0x28, 0x88, 0x35, 0x91]);
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

interface Running {
  readonly nexus: Nexus;
  readonly what: string;
  readonly startedMs: number;
  readonly isOrdered: boolean;
  /** It may wait for blocks that others have to themselves. */
  readonly waits: boolean;
  isAborted: boolean;
  end: Promise<unknown>;
}

interface Command {
  readonly cdb: readonly number[];
  readonly dataOut?: Uint8Array;
  readonly roomBytes?: number;
  /** Whether it has to be durable when answered. */
  readonly flushes?: boolean;
}

export class ScsiDoor implements Door {
  readonly #world: SimWorld;
  readonly #coordinator: Coordinator;
  readonly #process: SimProcess;
  readonly #volume: CoordinatedVolume;
  readonly #running = new Set<Running>();
  /** Initiators that were told of a lossy recovery. */
  readonly #told = new Set<string>();
  #unit: LogicalUnit | undefined;
  #nexuses: readonly Nexus[] = [];
  #commands = 0;
  /** When an ordered command was last seen. */
  #orderedMs = -Infinity;

  constructor(world: SimWorld, coordinator: Coordinator, process: SimProcess) {
    this.#world = world;
    this.#coordinator = coordinator;
    this.#process = process;
    this.#volume = new CoordinatedVolume(coordinator, () => process.nowMs);
  }

  /** The target serves: initiators may log in. */
  open(): void {
    const { lossyEpoch } = this.#coordinator;
    if (lossyEpoch > 0) this.#volume.lost(lossyEpoch);
    const unit = new LogicalUnit(this.#volume, iqn, (nexus) => this.#end((one) => one.nexus === nexus));
    this.#unit = unit;
    this.#nexuses = Array.from({ length: initiatorsMax }, (_, i) => unit.attach(`iqn.i${i},i,0x1`));
  }

  write(block: number, data: Uint8Array, fua: boolean, answer: DoorAnswer<void>): void {
    const count = (data.byteLength / blockBytes) * sectors;
    const flags = fua ? 8 : 0;
    const cdb = this.#isEven
      ? cdbs[10](0x2a, block * sectors, count, flags)
      : cdbs[16](0x8a, block * sectors, count, flags);
    this.#run({ cdb, dataOut: data, flushes: fua }, answer, () => undefined);
  }

  read(block: number, count: number, answer: DoorAnswer<Uint8Array>): void {
    const roomBytes = count * blockBytes;
    const cdb = this.#isEven
      ? cdbs[10](0x28, block * sectors, count * sectors)
      : cdbs[16](0x88, block * sectors, count * sectors);
    this.#run({ cdb, roomBytes }, answer, ({ data }) => {
      const read = must(data, 'what was read');
      hold(read.byteLength === roomBytes, `SCSI: ${read.byteLength} bytes were read, not ${roomBytes}`);
      return read;
    });
  }

  unmap(block: number, count: number, answer: DoorAnswer<void>): void {
    const [lba, length] = [block * sectors, count * sectors];
    // UNMAP with one descriptor, or WRITE SAME of no data with the UNMAP bit.
    const command = this.#isEven
      ? {
          cdb: [0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0],
          dataOut: Uint8Array.from([
            ...u16(22),
            ...u16(16),
            ...u32(0),
            ...u64(lba),
            ...u32(length),
            ...u32(0),
          ]),
        }
      : { cdb: cdbs[16](0x93, lba, length, 0x09) };
    this.#run(command, answer, () => undefined);
  }

  flush(answer: DoorAnswer<void>): void {
    const cdb = this.#isEven ? cdbs[10](0x35, 0, 0) : cdbs[16](0x91, 0, 0);
    this.#run({ cdb, flushes: true }, answer, () => undefined);
  }

  /** PERSISTENT RESERVE OUT, REGISTER AND IGNORE EXISTING KEY. */
  setValue(value: number, answer: DoorAnswer<void>): void {
    const dataOut = Uint8Array.from([...u64(0), ...u64(1 + value), ...u64(0)]);
    this.#run({ cdb: [0x5f, 6, 0, 0, 0, ...u32(24), 0], dataOut }, answer, () => undefined);
  }

  resize(sizeBytes: number, answer: DoorAnswer<void>): void {
    this.#coordinator.resize(sizeBytes, this.#process.nowMs, answer);
  }

  readonly swap = (block: number, expected: Uint8Array, data: Uint8Array, answer: DoorAnswer<void>): void => {
    const cdb = [0x89, 0, ...u64(block * sectors), 0, 0, 0, sectors, 0, 0];
    this.#run({ cdb, dataOut: Buffer.concat([expected, data]) }, answer, () => undefined);
  };

  readonly manage = (what: ManagementName, answer: DoorAnswer<void>): void => {
    const { reach, scheduler } = this.#world;
    const [first] = this.#running;
    if (!this.#unit || !first) return answer({ ok: false, problem: 'aborted' });
    reach.hit(`SCSI ${what}`);
    const ofWhom = {
      'abort task': (one: Running) => one === first,
      'abort task set': (one: Running) => one.nexus === first.nexus,
      'logical unit reset': () => true,
    };
    const ended = this.#end(ofWhom[what]);
    if (what === 'logical unit reset') this.#unit.reset();
    scheduler.watch(ended.then(() => answer({ ok: true, value: undefined })));
  };

  check(): void {
    if (this.#process.paused || !this.#process.alive) return;
    const { quorumWaitMs } = this.#world.plan.timing;
    const patienceMs = 2 * quorumWaitMs;
    // Who waits for others (an ordered command, blocks that are compared and written) has their patience besides its own.
    const simple = [...this.#running].filter(({ waits }) => !waits);
    if ([...this.#running].some(({ isOrdered }) => isOrdered)) this.#orderedMs = this.#process.nowMs;
    for (const { startedMs, what } of simple) {
      const waitedMs = this.#process.nowMs - Math.max(startedMs, this.#orderedMs);
      hold(waitedMs < patienceMs, `R16: ${what} has had no outcome for ${Math.round(waitedMs)} ms`);
    }
  }

  /** Each second command is of the other shape. */
  get #isEven(): boolean {
    return this.#commands % 2 === 0;
  }

  /** Settles when none of them touches the volume any more; nobody is answered. */
  async #end(which: (one: Running) => boolean): Promise<void> {
    const ending = [...this.#running].filter(which);
    for (const one of ending) one.isAborted = true;
    await Promise.all(ending.map(({ end }) => end));
  }

  #run<T>(command: Command, answer: DoorAnswer<T>, valueOf: (result: ScsiResult) => T): void {
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
   * An initiator that may have lost writes hears of it before its first flush succeeds, and not again by a flush that it
   * asks for when it knows (`knewLoss`).
   */
  #tellsLoss({ initiator }: Nexus, problem: DoorProblem | undefined, knewLoss: boolean): void {
    const isLossy = this.#coordinator.lossyEpoch > 0;
    const wasTold = this.#told.has(initiator);
    if (problem === 'lost') {
      hold(isLossy && !knewLoss, `R5: ${initiator} is told of a loss that it knows, or that there was not`);
      this.#told.add(initiator);
      this.#world.reach.hit('R5 initiator told');
    } else if (problem === undefined) {
      hold(!isLossy || wasTold, `R5: ${initiator} flushes over a loss of which it was not told`);
    }
  }

  /** Of the command, or of a repetition; undefined: it was aborted. */
  async #outcome(nexus: Nexus, command: Command): Promise<ScsiResult | undefined> {
    for (let repeats = 0; ; repeats++) {
      const result = await this.#execute(nexus, command);
      const isAttention = result !== undefined && String(told(result)).startsWith('6/');
      if (!isAttention) return result;
      this.#world.reach.hit('SCSI unit attention');
      hold(repeats < repeatsMax, `SCSI: unit attentions without end: ${told(result)}`);
    }
  }

  async #execute(nexus: Nexus, { cdb, dataOut, roomBytes }: Command): Promise<ScsiResult | undefined> {
    const padded = new Uint8Array(16);
    padded.set(cdb);
    const { untagged, ordered, headOfQueue, simple } = taskAttribute;
    const drawn = this.#commands % 40;
    const attribute = drawn === 0 ? ordered : drawn === 1 ? headOfQueue : drawn < 10 ? untagged : simple;
    const one: Running = {
      isOrdered: attribute === ordered,
      waits: !lockless.has(cdb[0] ?? 0),
      nexus,
      what: `command ${cdb.join(' ')}`,
      startedMs: this.#process.nowMs,
      isAborted: false,
      end: Promise.resolve(),
    };
    const end = must(this.#unit, 'a unit').execute(nexus, {
      lun: 0,
      cdb: padded,
      attribute,
      dataOut: dataOut ?? new Uint8Array(0),
      roomBytes: roomBytes ?? 0,
      isAborted: () => one.isAborted,
    });
    one.end = end;
    this.#running.add(one);
    const result = await end;
    this.#running.delete(one);
    if (one.isAborted) return undefined;
    result.answered?.();
    return result;
  }
}
