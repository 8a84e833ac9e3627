/** Initiators that write, read and flush at whatever target they reach, and remember every answer. */
import { blockBytes } from '../../shared/block-size.ts';
import type { Request } from './sim-acts.ts';
import type { ManagementName } from './sim-door.ts';
import { SimEdge } from './sim-edge.ts';
import { SimReads } from './sim-reads.ts';
import { sectorsPerBlock } from './sim-registers.ts';
import { SimSnapshots } from './sim-snapshots.ts';
import type { SimTarget } from './sim-target.ts';
import { Testimony } from './sim-testimony.ts';
import type { SimWorld } from './sim-world.ts';
import { SimWrites } from './sim-writes.ts';

export class SimClients {
  readonly #world: SimWorld;
  /** Blocks below are written and read; those above are also unmapped, and not part of the register test. */
  readonly #registers: number;
  readonly #edge: SimEdge;
  readonly #testimony: Testimony;
  readonly #snapshots: SimSnapshots;
  readonly #reads: SimReads;
  readonly #writes: SimWrites;

  constructor(world: SimWorld) {
    this.#world = world;
    this.#registers = Math.ceil((world.plan.blocks * 3) / 4);
    this.#edge = new SimEdge(world);
    this.#testimony = new Testimony(world, this.#registers);
    this.#snapshots = new SimSnapshots(world);
    this.#reads = new SimReads(world, this.#edge, this.#testimony);
    this.#writes = new SimWrites(world, this.#edge, this.#testimony);
  }

  get answers(): number {
    return this.#edge.answers;
  }

  send(target: SimTarget, request: Request): void {
    if (!this.#edge.hasRoom(target)) return;
    const blocks = this.#blocks(target);
    switch (request.kind) {
      case 'write': {
        const block = Math.floor((request.block * blocks) / 1_000);
        return this.#writes.write(target, block, Math.min(request.count, blocks - block), request.fua);
      }
      case 'read': {
        const block = Math.floor((request.block * this.#registers) / 1_000);
        return this.#reads.read(target, block, Math.min(request.count, this.#registers - block));
      }
      case 'unmap': {
        const block = this.#registers + Math.floor((request.block * (blocks - this.#registers)) / 1_000);
        return this.#unmap(target, block, Math.min(request.count, blocks - block));
      }
      case 'setValue':
        return this.#setValue(target, request.value);
      case 'resize':
        return this.#resize(target, blocks + request.blocks);
      case 'flush':
        return this.flush(target);
      case 'scrub':
        return target.scrub();
      case 'snapshot':
        return this.#snapshots.send(target, request);
      case 'writePart':
      case 'readPart': {
        const sectors = this.#registers * sectorsPerBlock;
        const from = Math.min(sectors - 1, Math.floor((request.sector * sectors) / 1_000));
        const count = Math.min(request.count, sectors - from);
        if (request.kind === 'writePart') return this.#writes.writePart(target, from, count);
        return this.#reads.readPart(target, from, count);
      }
      case 'swap':
        return this.#writes.swap(target, Math.floor((request.block * this.#registers) / 1_000));
      case 'manage':
        return this.#manage(target, request.what);
    }
  }

  /** Answers how many reads that are. */
  readAll(target: SimTarget): number {
    for (let block = 0; block < this.#registers; block++) this.#reads.read(target, block, 1);
    return this.#registers;
  }

  flush(target: SimTarget): void {
    const acknowledged = this.#testimony.acknowledged(this.#world.scheduler.nowMs);
    this.#edge.ask<void>(target, {
      what: 'flush',
      ask: (answer) => target.door.flush(answer),
      granted: () => this.#testimony.flushed(target, acknowledged),
    });
  }

  /** `serving`: the target that everything has come to in the end; `calmMs`: since when there were no faults. */
  check(serving: SimTarget, calmMs: number): void {
    this.#testimony.check(serving.coordinator.status(), calmMs, this.#snapshots.returns);
  }

  /** What it has now, as far as this target knows. */
  #blocks({ coordinator }: SimTarget): number {
    return Math.max(this.#world.plan.blocks, Math.floor(coordinator.sizeBytes / blockBytes));
  }

  #unmap(target: SimTarget, block: number, count: number): void {
    if (count <= 0) return;
    this.#edge.ask<void>(target, {
      what: `unmap ${block}+${count}`,
      ask: (answer) => target.door.unmap(block, count, answer),
      granted: () => () => undefined,
    });
  }

  #setValue(target: SimTarget, value: number): void {
    this.#edge.ask<void>(target, {
      what: `value ${value}`,
      ask: (answer) => target.door.setValue(value, answer),
      granted: () => this.#durable(target),
    });
  }

  #resize(target: SimTarget, blocks: number): void {
    if (!target.coordinator.serving) return;
    this.#edge.ask<void>(target, {
      what: `resize to ${blocks}`,
      ask: (answer) => target.door.resize(blocks * blockBytes, answer),
      granted: () => {
        this.#world.reach.hit('resize');
        return this.#durable(target);
      },
    });
  }

  #manage(target: SimTarget, what: ManagementName): void {
    const { manage } = target.door;
    if (!manage) return;
    this.#edge.ask<void>(target, {
      what,
      ask: (answer) => manage(what, answer),
      granted: () => () => undefined,
    });
  }

  #durable({ coordinator }: SimTarget): () => void {
    const { epoch, flushed } = coordinator.status();
    this.#world.truth.answered(epoch, flushed, 'flushed');
    return () => undefined;
  }
}
