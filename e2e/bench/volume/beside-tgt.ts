/** Operations per second of three checked copies beside tgt's one. */
import { tgtPortal } from '../../iscsi/portal.ts';
import { perSecond } from '../engine/figures.ts';
import { load, type Load } from '../initiator.ts';
import { inTurns } from '../turns.ts';
import { costOf, openVolume, type Bench } from './bench.ts';

type Shape = Pick<Load, 'operation' | 'bytes' | 'depth' | 'sequential'> & { readonly theirs?: Partial<Load> };
type Row = Shape & { readonly name: string; readonly floor: number; readonly goal: number };

const random = (operation: Load['operation'], depth: number): Shape => ({ operation, bytes: 4096, depth });
/** tgt does not flush what we flush. */
const flushed = (depth: number): Shape => ({ ...random('write-fua', depth), theirs: { operation: 'write' } });
const sequential = (operation: Load['operation']): Shape => ({
  operation,
  bytes: 131_072,
  depth: 8,
  sequential: true,
});

const rows: readonly Row[] = [
  { name: '4 KiB write QD1', ...random('write', 1), floor: 0.35, goal: 0.5 },
  { name: '4 KiB write QD32', ...random('write', 32), floor: 1.5, goal: 2.5 },
  { name: '4 KiB write QD128', ...random('write', 128), floor: 2, goal: 4 },
  { name: '4 KiB write flushed QD32', ...flushed(32), floor: 0.7, goal: 1.2 },
  { name: '4 KiB write flushed QD128', ...flushed(128), floor: 1.3, goal: 2.5 },
  { name: '4 KiB read cached QD1', ...random('read', 1), floor: 0.6, goal: 0.8 },
  { name: '4 KiB read cached QD32', ...random('read', 32), floor: 3, goal: 5 },
  { name: '4 KiB read cached QD128', ...random('read', 128), floor: 4, goal: 7 },
  { name: '128 KiB sequential write QD8', ...sequential('write'), floor: 0.4, goal: 0.7 },
  { name: '128 KiB sequential read QD8', ...sequential('read'), floor: 1, goal: 1.5 },
];

/** What is overwritten and read; of single blocks a pool keeps 32 MiB in memory from the second read on. */
const spanMiB = 64;
const cachedSpanMiB = 16;
/** So many reads that every block was read twice from each replica. */
const cachingReads = 120_000;

/** V8 compiles what a row is the first to run: some seconds of it come before the rounds that count. */
const warmRounds = 3;

export async function besideTgt(bench: Bench): Promise<void> {
  const wanted = rows.filter(({ name }) => bench.wanted(name));
  if (wanted.length === 0) return;
  await using running = new AsyncDisposableStack();
  const tgt = await tgtPortal({ parent: bench.folder, tuned: true });
  running.defer(() => tgt.stop());
  const theirs = { urls: [tgt.url], pids: [tgt.pid] };
  const ours = await openVolume(bench, '1Gi');
  running.defer(() => ours.end());
  const fill = { operation: 'write', bytes: 131_072, depth: 8, sequential: true, seconds: 0 } as const;
  for (const { urls } of [ours, theirs]) await load(urls, { ...fill, spanMiB, count: spanMiB * 8 });
  const cached = { ...random('read', 128), spanMiB: cachedSpanMiB, seconds: 0, count: cachingReads };
  let isCached = false;
  for (const { name, floor, goal, ...shape } of wanted) {
    const isRead = shape.operation === 'read' && shape.bytes === 4096;
    if (isRead && !isCached) await load(ours.urls, cached);
    isCached ||= isRead;
    const span = { spanMiB: isRead ? cachedSpanMiB : spanMiB };
    await load(ours.urls, { ...shape, ...span, seconds: warmRounds * bench.seconds });
    const { ours: a, theirs: b, ratio } = await inTurns(ours, theirs, { ...shape, ...span }, bench);
    const [rate, reference] = [perSecond(a.perSecond), perSecond(b.perSecond)];
    const told = { latency: a, note: costOf(a) };
    bench.report({ name, ours: rate, reference, ratio, floor, goal, better: 'more', ...told });
  }
}
