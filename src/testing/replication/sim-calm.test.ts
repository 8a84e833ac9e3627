import { expect, test } from '@jest/globals';
import type { Act, Fault, SimEvent } from './sim-acts.ts';
import { planOf, type SimPlan } from './sim-plan.ts';
import { run } from './sim-run.ts';

const world: SimPlan = {
  ...planOf(1),
  replicas: 3,
  blocks: 24,
  faultsMs: 4_000,
  wildClocks: false,
  layout: undefined,
  scsi: false,
};
const at = (atMs: number, act: Act): SimEvent => ({ atMs, act });
const write = (atMs: number, block: number): SimEvent =>
  at(atMs, { kind: 'request', target: 999, request: { kind: 'write', block, count: 1, fua: true } });
const writes = (fromMs: number, everyMs: number, count = 24): SimEvent[] =>
  Array.from({ length: count }, (_, i) => write(fromMs + i * everyMs, Math.floor((i * 1_000) / count) + 1));

async function traceOf(plan: SimPlan): Promise<string[]> {
  const lines: string[] = [];
  await run(plan, (line) => lines.push(line));
  return lines;
}

test('a target that will hear of a bid of before the calm is not the one that stays', async () => {
  const fault = (atMs: number, act: Fault) => at(atMs, act);
  const events = [
    ...writes(500, 20),
    // The old target has one replica left; the others tell the new one to wait, which then dies.
    fault(3_400, { kind: 'isolate', target: 0, spared: 999, forMs: 2_000 }),
    fault(3_401, { kind: 'newTarget' }),
    fault(3_401, { kind: 'partition', target: 999, replica: 999, forMs: 2_000 }),
    fault(3_700, { kind: 'killTarget', target: 999, restartMs: 10_000 }),
  ];
  const timing = { ...world.timing, renewMs: 300 };
  const lines = await traceOf({ ...world, timing, events });
  expect(lines.some((line) => line.includes('T2-r1') && line.includes('wait {'))).toBe(true);
  const calm = lines.findIndex((line) => line.includes('world    calm'));
  expect(lines.findIndex((line) => /T1 +ends: .* has promised epoch/.test(line))).toBeGreaterThan(calm);
});

test('replicas are compared when they have all that the target has issued', async () => {
  // Whether all is in sync is looked at each 100 ms: a moment before, some have what others have not.
  const set = (atMs: number) =>
    at(atMs, { kind: 'request', target: 999, request: { kind: 'setValue', value: atMs } });
  const events = Array.from({ length: 20 }, (_, i) => world.faultsMs + 3_095 + i * 100).flatMap((atMs) =>
    [0, 1, 2, 3, 4].map((ms) => set(atMs + ms)),
  );
  const { virtualMs } = await run({ ...world, events });
  expect(virtualMs).toBeGreaterThan(world.faultsMs + 5_000);
});

test('where copying is slow a replica that lacks every snapshot is waited for', async () => {
  const take = (atMs: number) =>
    at(atMs, { kind: 'request', target: 999, request: { kind: 'snapshot', what: 'take', which: 0 } });
  const events = [
    at(400, { kind: 'partition', target: 999, replica: 999, forMs: 4_000 }),
    ...writes(600, 10, 64),
    take(1_300),
    ...writes(1_500, 10, 64),
    take(2_200),
    ...writes(2_400, 10, 64),
    take(3_100),
    ...writes(3_300, 10, 64),
  ];
  const timing = { ...world.timing, windowBytesMax: 20_000, cleanWaitMs: 1_000 };
  const { virtualMs, reach } = await run({ ...world, blocks: 64, copyMs: 400, timing, events });
  expect(reach.get('R24 copied')).toBeGreaterThan(0);
  expect(virtualMs).toBeGreaterThan(world.faultsMs + 37_000);
});

test('a replacement for the only replica is given up when that one has a block nobody can read', async () => {
  const events = [
    ...writes(500, 20),
    // What a pool has just written it would read from memory.
    at(1_500, { kind: 'crash', replica: 0, downMs: 300 }),
    at(1_600, { kind: 'badBlock', replica: 0, block: 400 }),
    at(2_000, { kind: 'members', change: 'replace', which: 0 }),
  ];
  const lines = await traceOf({ ...world, replicas: 1, layout: 'stripe', events });
  expect(lines.some((line) => line.includes('is unreadable'))).toBe(true);
  // The operator says so at each look until it is taken, each time under the next version.
  expect(lines.findLast((line) => line.includes('operator'))).toMatch(
    /has \{"version":\d+,"members":\{"r1":"guid-1"\}\}/,
  );
});
