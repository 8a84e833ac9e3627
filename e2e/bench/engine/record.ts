/** Puts a table of figures into docs/performance.md, between its marks. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, heading, lineOf } from './figures.ts';

const page = join(import.meta.dirname, '../../../docs/performance.md');
const [begin, end] = ['<!-- make bench-engine RECORD=1 -->', '<!-- end -->'];

export function recordFigures(options: {
  readonly machine: string;
  readonly commit: string;
  readonly figures: readonly Figure[];
}): void {
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`${page} has lost its marks ${begin} … ${end}`);
  const date = new Date().toISOString().slice(0, 10);
  const table = [heading, ...options.figures.map(lineOf)].join('\n');
  const block = `${begin}\n${date}, commit ${options.commit}. ${options.machine}.\n\n\`\`\`text\n${table}\n\`\`\`\n`;
  writeFileSync(page, text.slice(0, from) + block + text.slice(to));
}
