/** A volume of the real engine as the replica core has it; every mutation is told to the model as well. */
import type { CopiedExtent } from '../../replication/copy.ts';
import type { ReplicaStore } from '../../replication/store.ts';
import type { VolumeStore } from '../../pool-manager/engine/volume-store.ts';
import type { SimStore } from './sim-store.ts';
import { hold } from './sim-truth.ts';

export class EngineStore implements ReplicaStore {
  readonly #volume: VolumeStore;
  readonly #model: SimStore;

  constructor(volume: VolumeStore, model: SimStore) {
    this.#volume = volume;
    this.#model = model;
  }

  /** That of the simulation: the engine's own GUID is a detail of the pool. */
  get identity() {
    return this.#model.identity;
  }
  get sizeBytes(): number {
    return this.#volume.sizeBytes;
  }
  get last(): number {
    return this.#volume.last;
  }
  get durable(): number {
    return this.#volume.durable;
  }
  get record(): Uint8Array {
    return this.#volume.record;
  }

  write(number: number, block: number, data: Uint8Array): void {
    this.#volume.write(number, block, data);
    this.#model.write(number, block, data);
  }
  unmap(number: number, block: number, count: number): void {
    this.#volume.unmap(number, block, count);
    this.#model.unmap(number, block, count);
  }
  advance(number: number): void {
    this.#volume.advance(number);
    this.#model.advance(number);
  }
  resize(number: number, sizeBytes: number): void {
    this.#volume.resize(number, sizeBytes);
    this.#model.resize(number, sizeBytes);
  }
  setRecord(record: Uint8Array): void {
    this.#volume.setRecord(record);
    this.#model.setRecord(record);
  }
  copyIn(extents: readonly CopiedExtent[]): void {
    this.#volume.copyIn(extents);
    this.#model.copyIn(extents);
  }
  snapshot(name: string): void {
    this.#volume.snapshot(name);
    this.#model.snapshot(name);
  }
  deleteSnapshot(name: string): void {
    this.#volume.deleteSnapshot(name);
    this.#model.deleteSnapshot(name);
  }
  rollback(name: string): void {
    this.#volume.rollback(name);
    this.#model.rollback(name);
  }
  snapshots(): ReturnType<VolumeStore['snapshots']> {
    return this.#volume.snapshots();
  }

  /** What the engine says of itself at once agrees with the model. */
  check(): void {
    const { last, sizeBytes, durable, record } = this.#volume;
    const due = this.#model;
    const same = last === due.last && sizeBytes === due.sizeBytes && Buffer.compare(record, due.record) === 0;
    const { replicaId } = due.identity;
    hold(
      same,
      `engine: ${replicaId} is at ${last} of ${sizeBytes} bytes, not at ${due.last} of ${due.sizeBytes}`,
    );
    hold(durable <= last, `engine: ${replicaId} calls ${durable} durable, its last is ${last}`);
  }
}
