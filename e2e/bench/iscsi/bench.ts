/** What the parts of this benchmark share. */
import type { Figure } from '../engine/figures.ts';
import type { Turns } from '../turns.ts';

export interface Bench extends Turns {
  report(figure: Figure): void;
  /** Whether a figure of this name is asked for. */
  wanted(name: string): boolean;
}

/** Somebody's unit and the process that serves it. */
export interface Served {
  readonly url: string;
  readonly pid: number;
}

export const sideOf = ({ url, pid }: Served) => ({ urls: [url], pids: [pid] });

export interface Row {
  readonly operation: 'read' | 'write';
  readonly bytes: number;
  readonly depth: number;
}

export const nameOf = ({ operation, bytes, depth }: Row): string =>
  `${bytes / 1024} KiB ${operation} QD${depth}`;
