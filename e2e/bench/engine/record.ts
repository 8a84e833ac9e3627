/** Puts a table of figures into docs/performance.md, between the marks of its benchmark. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, heading, headingWithFloors, lineOf } from './figures.ts';

const page = join(import.meta.dirname, '../../../docs/performance.md');
const end = '<!-- end -->';

export function recordFigures(options: {
  /** Its name in the Makefile. */
  readonly bench: string;
  readonly machine: string;
  readonly commit: string;
  readonly figures: readonly Figure[];
}): void {
  const { bench, machine, commit, figures } = options;
  const begin = `<!-- make ${bench} RECORD=1 -->`;
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`${page} has lost its marks ${begin} … ${end}`);
  const date = new Date().toISOString().slice(0, 10);
  const floors = figures.some(({ floor }) => floor !== undefined);
  const table = [floors ? headingWithFloors : heading, ...figures.map(lineOf)].join('\n');
  const block = `${begin}\n${date}, commit ${commit}. ${machine}.\n\n\`\`\`text\n${table}\n\`\`\`\n`;
  writeFileSync(page, text.slice(0, from) + block + text.slice(to));
}
