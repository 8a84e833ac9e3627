// Can the checks fail? Each mutant is a patch that breaks one thing in a copy of the tree; the area's command has to notice.
//   node tools/mutants.ts AREA [--only=NAME,…] [--sample=N [--seed=K]] [--jobs=N]
// tools/mutants/AREA/area.json: command, minutesMax, and `says`: the last line of output that matches tells what found
// it; a command that fails without such a line has found nothing, it is broken.
// tools/mutants/AREA/NAME.patch: words on what is broken, perhaps `Command: …` instead of the area's, then the diff.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

interface Area {
  readonly command: readonly string[];
  readonly minutesMax: number;
  readonly says: string;
  /** Has to pass on the untouched tree, where the area's command takes long; absent: each mutant's own. */
  readonly untouched?: readonly string[];
}

interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly command: readonly string[];
}

interface Verdict {
  readonly name: string;
  readonly verdict: 'found' | 'SURVIVED' | 'DOES NOT APPLY' | 'BROKEN';
  readonly by: string;
  readonly seconds: number;
}

const root = join(import.meta.dirname, '..');
const folder = join(root, 'tools', 'mutants');

function readMutants(area: string, { command }: Area): Mutant[] {
  const files = readdirSync(join(folder, area)).filter((file) => file.endsWith('.patch'));
  return files.toSorted().map((name) => {
    const file = join(folder, area, name);
    const own = /^Command: (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.split(' ');
    return { name: basename(name, '.patch'), file, command: own ?? command };
  });
}

/** N of them, others for each seed: the hash of seed and name decides. */
function sampled(mutants: readonly Mutant[], count: number, seed: string): Mutant[] {
  const rank = ({ name }: Mutant) => createHash('sha256').update(`${seed}/${name}`).digest('hex');
  return mutants.toSorted((a, b) => rank(a).localeCompare(rank(b))).slice(0, count);
}

/** What the tree is now, committed or not; what was installed is only linked. */
function copyOfTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'caskade-mutants-'));
  const left = new Set(['.git', 'node_modules', 'build', 'dist', 'coverage']);
  for (const name of readdirSync(root)) {
    if (!left.has(name))
      cpSync(join(root, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  }
  for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(copy, name));
  return copy;
}

interface Run {
  readonly status: number;
  /** The last line that says what was found, wherever in the output it stands. */
  readonly by: string | undefined;
  /** The end of what was said, with a line of its own for a command that does not end in time. */
  readonly tail: string;
}

function run(command: readonly string[], cwd: string, area: Area): Promise<Run> {
  const says = new RegExp(area.says);
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = command;
    const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    let by: string | undefined;
    const heed = (line: string): void => {
      if (says.test(line)) by = line.trim();
      if (line.trim() !== '') tail = `${tail}${line}\n`.slice(-2_000);
    };
    let rest = '';
    const take = (chunk: string): void => {
      const lines = `${rest}${chunk}`.split('\n');
      rest = (lines.pop() ?? '').slice(-100_000);
      for (const line of lines) heed(line);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    const limit = setTimeout(() => {
      heed(`no end within ${area.minutesMax} minutes`);
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, area.minutesMax * 60_000);
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(limit);
      heed(rest);
      resolve({ status: status ?? 1, by, tail });
    });
  });
}

const patch = (cwd: string, file: string, ...flags: string[]): void => {
  execFileSync('patch', ['-p1', '--silent', '--no-backup-if-mismatch', ...flags, '-i', file], {
    cwd,
    stdio: 'pipe',
  });
};

async function judge(mutant: Mutant, tree: string, area: Area): Promise<Verdict> {
  const startMs = performance.now();
  const seconds = () => Math.round((performance.now() - startMs) / 1_000);
  const { name, file, command } = mutant;
  try {
    patch(tree, file, '--dry-run', '--forward');
  } catch (error) {
    const by = error instanceof Error && 'stdout' in error ? String(error.stdout).split('\n')[0] : undefined;
    return { name, verdict: 'DOES NOT APPLY', by: by ?? String(error), seconds: seconds() };
  }
  patch(tree, file, '--forward');
  const { status, by, tail } = await run(command, tree, area);
  patch(tree, file, '--reverse');
  if (status === 0) return { name, verdict: 'SURVIVED', by: command.join(' '), seconds: seconds() };
  if (by === undefined)
    return { name, verdict: 'BROKEN', by: tail.trimEnd().split('\n').at(-1) ?? '', seconds: seconds() };
  return { name, verdict: 'found', by, seconds: seconds() };
}

/** Untouched, a command has to pass: else it would "find" everything. */
async function checkUntouched(mutants: readonly Mutant[], tree: string, area: Area): Promise<void> {
  const own = new Map(mutants.map((one) => [one.command.join(' '), one.command])).values();
  for (const command of area.untouched ? [area.untouched] : own) {
    const { status, tail } = await run(command, tree, area);
    if (status !== 0) throw new Error(`fails without a mutant: ${command.join(' ')}\n${tail}`);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
    },
  });
  const name = positionals[0] ?? '';
  // Our own file, read by nobody else.
  const area = JSON.parse(readFileSync(join(folder, name, 'area.json'), 'utf8')) as Area;
  const all = readMutants(name, area);
  const wanted = values.only?.split(',') ?? all.map((mutant) => mutant.name);
  const unknown = wanted.filter((one) => !all.some((mutant) => mutant.name === one));
  if (unknown.length > 0) throw new Error(`no such mutant: ${unknown.join(', ')}`);
  const named = all.filter((mutant) => wanted.includes(mutant.name));
  const chosen = values.sample ? sampled(named, Number(values.sample), values.seed) : named;
  const waiting = [...chosen];
  const verdicts: Verdict[] = [];
  let checked: Promise<void> | undefined;
  const worker = async (): Promise<void> => {
    const tree = copyOfTree();
    try {
      await (checked ??= checkUntouched(chosen, tree, area));
      for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
        const verdict = await judge(mutant, tree, area);
        verdicts.push(verdict);
        console.log(`${verdict.name}  ${verdict.verdict}  ${verdict.by}  (${verdict.seconds} s)`);
      }
    } finally {
      rmSync(tree, { recursive: true });
    }
  };
  await Promise.all(Array.from({ length: Math.min(Number(values.jobs), chosen.length) }, worker));
  const bad = verdicts.filter(({ verdict }) => verdict !== 'found').length;
  console.log(`${verdicts.length} mutants, ${bad} not found`);
  process.exitCode = bad > 0 || verdicts.length === 0 ? 1 : 0;
}

await main();
