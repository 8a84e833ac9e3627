/**
 * docs/durability.md, cell by cell: its tables are read from the page, and each row is a test of its own, with the members
 * missing that hurt most.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { recordOf, TargetBench } from '../testing/replication/bench.ts';
import { ackQuorum } from './quorum.ts';
import { defaultTiming } from './timing.ts';

const page = readFileSync(new URL('../../docs/durability.md', import.meta.url), 'utf8');

/** The rows of the table whose head begins with these cells. */
function table(...head: readonly string[]): string[][] {
  const lines = page.split('\n');
  const at = lines.findIndex((line) => line.startsWith(`| ${head.join(' | ')} |`));
  const rows = lines.slice(at + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  const found = rows.slice(0, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  if (at < 0 || found.length === 0) throw new Error(`no table ${head.join(', ')}`);
  return found;
}

const letters = (rf: number): string[] => 'ABCDE'.slice(0, rf).split('');

/** Serving, with `away` of its replicas cut off for longer than their grants; the others go on answering. */
function servingWithout(
  rf: number,
  away: number,
): { readonly target: TargetBench; readonly there: string[] } {
  const target = new TargetBench({ replicas: rf }).serve(...letters(rf));
  const there = letters(rf).slice(away);
  for (const id of letters(rf).slice(0, away)) target.lose(id);
  for (let ms = 0; ms < 2 * defaultTiming.leaseMs; ms += 500) target.lease(...there);
  return { target, there };
}

/** What a request comes to when all who are there do their part. */
function outcome(
  { target, there }: ReturnType<typeof servingWithout>,
  box: { result: { ok: boolean } | undefined },
): string {
  for (let ms = 0; ms <= defaultTiming.quorumWaitMs && box.result === undefined; ms += 500) {
    for (const id of there) {
      const read = target.last(id, 'read');
      const { last } = target.coordinator.status();
      if (read) target.tell(id, { type: 'data', readId: read.readId, last, data: new Uint8Array(4096) });
    }
    target.acknowledge('received', ...there);
    target.acknowledge('durable', ...there);
    target.lease(...there);
  }
  return box.result?.ok === true ? 'yes' : 'BUSY';
}

describe('away', () => {
  test.each(table('RF', 'away', 'reads', 'writes', 'flushes'))(
    'RF %s, %s away: reads %s, writes %s, flushes %s, a new target serves: %s',
    (rf, away, reads, writes, flushes, newTarget) => {
      const of = () => servingWithout(Number(rf), Number(away));
      const reading = of();
      expect(outcome(reading, reading.target.read(0))).toBe(reads);
      const writing = of();
      expect(outcome(writing, writing.target.write(0, 7))).toBe(writes);
      const flushing = of();
      expect(outcome(flushing, flushing.target.flush())).toBe(flushes);
      const fresh = new TargetBench({ replicas: Number(rf) });
      recover(fresh, letters(Number(rf)).slice(Number(away)), () => 110);
      expect(fresh.coordinator.serving ? 'yes' : 'waits').toBe(newTarget);
    },
  );
});

const e1 = [{ epoch: 1, first: 100, previousLast: 0 }];

/** These are there, complete up to what each has; answers the end of the history that is adopted. */
function recover(
  target: TargetBench,
  ids: readonly string[],
  lastOf: (id: string) => number,
): number | undefined {
  if (ids.length === 0) return undefined;
  target.connect(...ids);
  const current = recordOf(1, 'ABCDE'.slice(0, Object.keys(target.coordinator.status().replicas).length));
  for (const id of ids) target.report(id, e1, lastOf(id), { membership: { current } });
  target.tick(60_000);
  for (let round = 0; round < 5; round++) {
    target.acknowledge('received', ...ids);
    target.acknowledge('durable', ...ids);
    target.lease(...ids);
  }
  const adopted = target.sent.flatMap(({ message }) =>
    message.type === 'entry' && message.entry.kind === 'adopt' ? [message.entry.previousLast] : [],
  );
  return adopted[0];
}

/** Flushed up to 110 by CF members, which are lost first; the others have 100. */
function afterLoss(rf: number, lost: number): string {
  const holders = letters(rf).slice(0, ackQuorum(rf));
  const left = letters(rf).slice(lost);
  const lastOf = (id: string) => (holders.includes(id) ? 110 : 100);
  const adopted = recover(new TargetBench({ replicas: rf }), left, lastOf);
  if (adopted !== undefined) return adopted === 110 ? 'kept' : 'LOST';
  if (left.length === 0) return 'lost';
  const membership = { ...recordOf(2, left.join('')), forced: true };
  const forced = recover(new TargetBench({ membership }), left, lastOf);
  return forced === 110 ? 'kept after a forced change' : 'may be lost';
}

describe('lost', () => {
  test.each(table('RF', 'lost', 'flushed data'))(
    'RF %s, %s lost for good: flushed data is %s',
    (rf, lost, is) => {
      expect(afterLoss(Number(rf), Number(lost))).toBe(is);
    },
  );
});
