/** From the start of a target on three live replicas to the first answer to an initiator. */
import { findRunFolder } from '../../../src/local/home.ts';
import { askControl } from '../../../src/local/control.ts';
import { must } from '../../../src/shared/assert.ts';
import { attempt } from '../../shell.ts';
import { gone, healthy } from '../../local/local-volume.ts';
import { median } from '../engine/figures.ts';
import { compiled } from '../initiator.ts';
import { openVolume, type Bench, type Volume } from './bench.ts';

const ways = [
  { name: 'target start after an orderly stop', signal: 'SIGTERM', floor: 2, goal: 1 },
  { name: 'target start after SIGKILL', signal: 'SIGKILL', floor: 6, goal: 4.5 },
] as const;
const withinMs = 30_000;

/** Seconds until a read of 4 KiB is answered, tried again and again; and who answers. */
async function firstRead({ url, dir }: Volume): Promise<{ readonly seconds: number; readonly pid: number }> {
  const program = await compiled('initiator');
  const beganMs = performance.now();
  const run = must(findRunFolder(dir), 'a running volume');
  const started = askControl(run, { do: 'restart', name: 'target' }, withinMs);
  for (;;) {
    const { status, stderr } = await attempt([program, '--operation=read', '--depth=1', '--count=1', url]);
    const seconds = (performance.now() - beganMs) / 1_000;
    if (status === 0) {
      const { pid } = (await started) as { readonly pid: number };
      return { seconds, pid };
    }
    if (seconds * 1_000 > withinMs) throw new Error(`the target does not come back: ${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function targetStarts(bench: Bench): Promise<void> {
  const wanted = ways.filter(({ name }) => bench.wanted(name));
  if (wanted.length === 0) return;
  const volume = await openVolume(bench, '1Gi');
  try {
    let pid = volume.line.pids.target;
    for (const { name, signal, floor, goal } of wanted) {
      const took: number[] = [];
      for (let round = 0; round < bench.rounds; round++) {
        process.kill(pid, signal);
        await gone([pid], withinMs);
        const first = await firstRead(volume);
        took.push(first.seconds);
        pid = first.pid;
        await healthy(volume.dir);
      }
      const seconds = median(took);
      const told = { ours: `${seconds.toFixed(2)} s`, reference: '', ratio: seconds };
      bench.report({ name: `${name}, s`, ...told, floor, goal, better: 'less' });
    }
  } finally {
    await volume.end();
  }
}
