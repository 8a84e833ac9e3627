/** A volume as initiators that speak SCSI reach it: every request is a CDB that the real logical unit runs over the real volume. */
import { must } from '../../shared/assert.ts';
import { blockBytes } from '../../shared/block-size.ts';
import type { Coordinator } from '../../replication/coordinator/coordinator.ts';
import type { Mend } from '../../replication/coordinator/scrub-mends.ts';
import type { SnapshotAnswer } from '../../replication/coordinator/snapshot-commands.ts';
import { CoordinatedVolume } from '../../target/coordinated-volume.ts';
import { SnapshotError, VolumeSnapshots } from '../../target/volume-snapshots.ts';
import { VolumeError } from '../../target/volume.ts';
import { cdbs, u16, u32, u64 } from '../scsi-rig.ts';
import type { Door, DoorAnswer, ManagementName } from './sim-door.ts';
import { SimInitiators } from './sim-initiators.ts';
import type { SimProcess } from './sim-process.ts';
import { hold } from './sim-truth.ts';
import type { SimWorld } from './sim-world.ts';

const sectors = blockBytes / 512;

export class ScsiDoor implements Door {
  readonly #world: SimWorld;
  readonly #coordinator: Coordinator;
  readonly #process: SimProcess;
  readonly #volume: CoordinatedVolume;
  readonly #snapshots: VolumeSnapshots;
  readonly #initiators: SimInitiators;

  constructor(world: SimWorld, coordinator: Coordinator, process: SimProcess) {
    this.#world = world;
    this.#coordinator = coordinator;
    this.#process = process;
    const volume = new CoordinatedVolume(coordinator, () => process.nowMs);
    this.#volume = volume;
    this.#initiators = new SimInitiators(world, coordinator, process, volume);
    this.#snapshots = new VolumeSnapshots(
      coordinator,
      () => process.nowMs,
      (run) => volume.alone(run),
    );
  }

  /** The target serves: initiators may log in. */
  open(): void {
    this.#initiators.open();
  }

  write(block: number, data: Uint8Array, fua: boolean, answer: DoorAnswer<void>): void {
    this.#write(block * sectors, data, fua, answer);
  }

  read(block: number, count: number, answer: DoorAnswer<Uint8Array>): void {
    this.#read(block * sectors, count * sectors, answer);
  }

  readonly writePart = (sector: number, data: Uint8Array, answer: DoorAnswer<void>): void =>
    this.#write(sector, data, false, answer);

  readonly readPart = (sector: number, count: number, answer: DoorAnswer<Uint8Array>): void =>
    this.#read(sector, count, answer);

  #write(lba: number, data: Uint8Array, fua: boolean, answer: DoorAnswer<void>): void {
    const count = data.byteLength / 512;
    const flags = fua ? 8 : 0;
    const cdb = this.#initiators.isEven
      ? cdbs[10](0x2a, lba, count, flags)
      : cdbs[16](0x8a, lba, count, flags);
    this.#initiators.run({ cdb, dataOut: data, flushes: fua }, answer, () => undefined);
  }

  #read(lba: number, count: number, answer: DoorAnswer<Uint8Array>): void {
    const roomBytes = count * 512;
    const cdb = this.#initiators.isEven ? cdbs[10](0x28, lba, count) : cdbs[16](0x88, lba, count);
    this.#initiators.run({ cdb, roomBytes }, answer, ({ data }) => {
      const read = must(data, 'what was read');
      hold(read.byteLength === roomBytes, `SCSI: ${read.byteLength} bytes were read, not ${roomBytes}`);
      return read;
    });
  }

  unmap(block: number, count: number, answer: DoorAnswer<void>): void {
    const [lba, length] = [block * sectors, count * sectors];
    // UNMAP with one descriptor, or WRITE SAME of no data with the UNMAP bit.
    const command = this.#initiators.isEven
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
    this.#initiators.run(command, answer, () => undefined);
  }

  flush(answer: DoorAnswer<void>): void {
    const cdb = this.#initiators.isEven ? cdbs[10](0x35, 0, 0) : cdbs[16](0x91, 0, 0);
    this.#initiators.run({ cdb, flushes: true }, answer, () => undefined);
  }

  /** PERSISTENT RESERVE OUT, REGISTER AND IGNORE EXISTING KEY. */
  setValue(value: number, answer: DoorAnswer<void>): void {
    const dataOut = Uint8Array.from([...u64(0), ...u64(1 + value), ...u64(0)]);
    this.#initiators.run({ cdb: [0x5f, 6, 0, 0, 0, ...u32(24), 0], dataOut }, answer, () => undefined);
  }

  resize(sizeBytes: number, answer: DoorAnswer<void>): void {
    this.#coordinator.resize(sizeBytes, this.#process.nowMs, answer);
  }

  /** As an administrator does: it waits for what reads blocks in order to write them. */
  revert(name: string, answer: SnapshotAnswer): void {
    this.#world.scheduler.watch(
      this.#snapshots.revert(name, true).then(
        () => answer({ ok: true }),
        (error: unknown) => {
          if (!(error instanceof SnapshotError)) throw error;
          answer({ ok: false, problem: error.problem });
        },
      ),
    );
  }

  readonly swap = (block: number, expected: Uint8Array, data: Uint8Array, answer: DoorAnswer<void>): void => {
    const cdb = [0x89, 0, ...u64(block * sectors), 0, 0, 0, sectors, 0, 0];
    this.#initiators.run({ cdb, dataOut: Buffer.concat([expected, data]) }, answer, () => undefined);
  };

  /** As target/replicated-volume.ts has it. */
  readonly mend: Mend = (range, from, done) => this.#world.scheduler.watch(this.#mend(range, from, done));

  async #mend(...[range, from, done]: Parameters<Mend>): Promise<void> {
    try {
      await this.#volume.mend(range, from);
    } catch (error) {
      if (!(error instanceof VolumeError)) throw error;
      return done(false);
    }
    done(true);
  }

  readonly manage = (what: ManagementName, answer: DoorAnswer<void>): void =>
    this.#initiators.manage(what, answer);

  check(): void {
    this.#initiators.running.check(this.#world.plan.timing.quorumWaitMs);
  }
}
