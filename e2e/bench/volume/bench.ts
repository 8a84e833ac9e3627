/** What the parts of this benchmark share: a volume of three replicas on files, and tgt on one. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { healthy, startLocal, type FirstLine, type Served } from '../../local/local-volume.ts';
import type { Figure } from '../engine/figures.ts';
import type { Loaded } from '../initiator.ts';
import type { Side, Turns } from '../turns.ts';

export interface Bench extends Turns {
  /** Where files of both sides lie. */
  readonly folder: string;
  /** How long the replica is away that comes back under load. */
  readonly awaySeconds: number;
  report(figure: Figure): void;
  /** Whether a figure of this name is asked for. */
  wanted(name: string): boolean;
}

/** `caskade local` with three replicas. */
export class Volume implements Side {
  readonly folder: string;
  readonly local: Served<FirstLine>;

  constructor(folder: string, local: Served<FirstLine>) {
    this.folder = folder;
    this.local = local;
  }

  get line(): FirstLine {
    return this.local.line;
  }
  get dir(): string {
    return join(this.folder, 'd');
  }
  get url(): string {
    const { portal, iqn, lun } = this.line;
    return `iscsi://${portal}/${iqn}/${lun}`;
  }
  get urls(): readonly string[] {
    return [this.url];
  }
  /** The target's, then the pools'. */
  get pids(): readonly number[] {
    return [this.line.pids.target, ...Object.values(this.line.pids.pools)];
  }

  async end(): Promise<void> {
    await this.local.stop();
    rmSync(this.folder, { recursive: true });
  }
}

export async function openVolume(bench: Bench, size: string): Promise<Volume> {
  mkdirSync(bench.folder, { recursive: true });
  const folder = mkdtempSync(join(bench.folder, 'volume-'));
  const volume = new Volume(folder, await startLocal(folder, { size }));
  await healthy(volume.dir);
  return volume;
}

/** Processor time per operation of the target, and of a replica on average. */
export function costOf({ cpuUs: [target = Number.NaN, ...pools] }: Loaded): string {
  const replica = pools.reduce((sum, us) => sum + us, 0) / pools.length;
  return `CPU us: target ${target.toFixed(1)}, a replica ${replica.toFixed(1)}`;
}
