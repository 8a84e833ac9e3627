/** The table of a benchmark while it runs: a line per figure, the count at the end, perhaps into docs/performance.md. */
import { type Figure, isReached, lineOf } from './engine/figures.ts';
import { recordFigures } from './engine/record.ts';
import { commit } from './machine.ts';

export interface Table {
  readonly report: (figure: Figure) => void;
  /** Prints how many figures are short and sets the exit status: 1 with STRICT=1 when one is. */
  readonly end: () => void;
}

export interface TableOptions {
  /** Its name in the Makefile. */
  readonly bench: string;
  readonly machine: string;
  /** Whether the table goes into docs/performance.md. */
  readonly record: boolean;
}

/** Prints `head`, and a line for each figure from then on. */
export function beginTable(head: string, { bench, machine, record }: TableOptions): Table {
  const figures: Figure[] = [];
  const measured = commit(); // the tree may be another one when it ends
  console.log(head);
  return {
    report(figure) {
      figures.push(figure);
      console.log(lineOf(figure));
    },
    end() {
      const short = figures.filter((figure) => !isReached(figure)).length;
      console.log(`\n${figures.length - short} ok, ${short} short`);
      if (record) recordFigures({ bench, machine, commit: measured, figures });
      process.exitCode = process.env['STRICT'] === '1' && short > 0 ? 1 : 0;
    },
  };
}
