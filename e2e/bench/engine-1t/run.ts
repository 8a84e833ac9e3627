// A pool with 1 TiB of live 4 KiB blocks, aged at random: import, memory, random I/O.
//   node e2e/bench/engine-1t/run.ts [--folder=DIR] [--tib=1] [--rounds=6] [--seconds=20] [--keep]
// The pool is put together from tiles (assemble.ts); its device keeps what is written, and makes up data (tiled-device.ts).
// --keep: the folder stays, and is used again. STRICT=1: exit 1 when a figure is short. Takes some 20 GiB of disk per TiB.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deviceIo } from '../../../src/pool-manager/device/device-io.ts';
import { ioShare } from '../../../src/pool-manager/device/io-threads.ts';
import { type Figure, heading, isReached, lineOf } from '../engine/figures.ts';
import { assemble, deviceOptions } from './assemble.ts';
import type { Outcome, Task } from './subject.ts';
import { makeTile, tileShape } from './tile.ts';

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: join(process.env['BENCH_DIR'] ?? '/var/tmp', 'caskade-1t') },
    tib: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '20' },
    keep: { type: 'boolean', default: false },
  },
});

const tiB = 2 ** 40;
const MiB = 2 ** 20;
const tile = tileShape();
const tiles = Math.ceil((Number(values.tib) * tiB) / (tile.blocks * 4096));
const tilePath = join(values.folder, `tile-${values.rounds}`);
const path = join(values.folder, `pool-${tiles}-${values.rounds}`);
const options = deviceOptions(path, tilePath, tile, tiles);
const seconds = Number(values.seconds);
const figures: Figure[] = [];

function report(
  name: string,
  ours: string,
  ratio: number,
  goal: number,
  better: Figure['better'] = 'less',
): void {
  const figure = { name, ours, reference: '-', ratio, goal, better };
  figures.push(figure);
  console.log(lineOf(figure));
}

const note = (text: string): void => console.log(`  ${text}`);

interface Running {
  readonly child: ChildProcess;
  ask(task: Task): Promise<Outcome>;
}

function start(): Running {
  const child = fork(join(import.meta.dirname, 'subject.ts'), {
    execArgv: ['--max-old-space-size=64'],
    env: { ...process.env, UV_THREADPOOL_SIZE: String(ioShare(1, deviceIo().name).threads) },
  });
  const ended = once(child, 'exit').then(([status, signal]) => {
    throw new Error(`the measured process ended (${status ?? signal})`);
  });
  ended.catch(() => undefined); // told to whoever asks next
  return {
    child,
    async ask(task) {
      const answered = once(child, 'message');
      child.send(task);
      // Our own child's message.
      const [outcome] = (await Promise.race([answered, ended])) as [Outcome];
      return outcome;
    },
  };
}

async function stop({ child }: Running, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  child.kill(signal);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

const perTiB = (bytes: number, { liveBytes }: Outcome) => (bytes / liveBytes) * (tiB / MiB);
const told = ({ seconds: took, cpuSeconds }: Outcome) =>
  `${took.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s CPU`;

async function measure(): Promise<void> {
  const clean = start();
  const imported = await clean.ask({ do: 'import', options });
  note(
    `${(imported.liveBytes / tiB).toFixed(3)} TiB live, table ${perTiB(imported.tableBytes, imported).toFixed(0)} MiB per TiB`,
  );
  report('import, closed in order', told(imported), imported.seconds, 2);
  const births = await clean.ask({ do: 'births' });
  if (births.operations !== 1)
    throw new Error(`${births.operations} changed blocks were found, one was changed`);
  report('one changed block found', told(births), births.seconds * 1_000, 50);
  const reads = await clean.ask({ do: 'read', seconds, depth: 32 });
  note(
    `random reads, QD32: ${Math.round(reads.operations / reads.seconds)}/s, ${((1e6 * reads.cpuSeconds) / reads.operations).toFixed(1)} us CPU, loop p99.9 ${reads.loopMs.toFixed(1)} ms`,
  );
  const writes = await clean.ask({ do: 'write', seconds });
  note(
    `random writes: ${Math.round(writes.operations / writes.seconds)}/s, ${((1e6 * writes.cpuSeconds) / writes.operations).toFixed(1)} us CPU, loop p99.9 ${writes.loopMs.toFixed(1)} ms`,
  );
  const resident = writes.residentBytesMax / MiB;
  report('resident, imported and serving', `${resident.toFixed(0)} MiB`, resident, 512);
  void clean.ask({ do: 'write', seconds: 60 }).catch(() => undefined); // until it is killed
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  await stop(clean, 'SIGKILL');
  const looking = start();
  const looked = await looking.ask({ do: 'import', options, readOnly: true });
  await stop(looking, 'SIGKILL');
  report('import after a crash, but for its log', told(looked), looked.seconds, 2);
  const crashed = start();
  const again = await crashed.ask({ do: 'import', options });
  note(`with the replay of its log, and a root: ${told(again)}`);
  const served = await crashed.ask({ do: 'read', seconds: 2, depth: 32 });
  const residentAgain = served.residentBytesMax / MiB;
  report('resident after that', `${residentAgain.toFixed(0)} MiB`, residentAgain, 512);
  await crashed.ask({ do: 'close' });
  await stop(crashed, 'SIGTERM');
}

mkdirSync(values.folder, { recursive: true });
try {
  const ready = `${path}.ready`;
  if (!existsSync(`${tilePath}.ready`)) {
    note(`a tile of ${((tile.blocks * 4096) / 2 ** 30).toFixed(1)} GiB, overwritten ${values.rounds} times`);
    await makeTile(tilePath, Number(values.rounds));
    writeFileSync(`${tilePath}.ready`, '');
  }
  if (!existsSync(ready)) {
    note(`a pool of ${tiles} tiles`);
    const beganMs = performance.now();
    await assemble(options);
    writeFileSync(ready, '');
    note(`put together in ${((performance.now() - beganMs) / 1_000).toFixed(0)} s`);
  }
  console.log(heading);
  await measure();
} finally {
  if (!values.keep) rmSync(values.folder, { recursive: true });
}
const short = figures.filter((figure) => !isReached(figure)).length;
console.log(`\n${figures.length - short} ok, ${short} short`);
process.exitCode = process.env['STRICT'] === '1' && short > 0 ? 1 : 0;
