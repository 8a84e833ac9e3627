import { expect, test } from '@jest/globals';
import { TargetBench } from '../testing/replication/bench.ts';
import { cdbs, iqn, told } from '../testing/scsi-rig.ts';
import { CoordinatedVolume } from './coordinated-volume.ts';
import { LogicalUnit } from './scsi/logical-unit.ts';
import type { ScsiResult } from './scsi/status.ts';
import { VolumeSnapshots } from './volume-snapshots.ts';

const lost = '3/0c00';

test('flushes after a lossy recovery fail until their initiator is answered so: an aborted one counts for nothing', async () => {
  const bench = new TargetBench().serve('A', 'B', 'C');
  const volume = new CoordinatedVolume(bench.coordinator, () => 0);
  volume.lost(bench.epoch);
  const unit = new LogicalUnit(volume, iqn, () => Promise.resolve());
  const [one, other] = ['iqn.a', 'iqn.b'].map((name) => {
    const nexus = unit.attach(`${name},i,0x1`);
    nexus.take();
    return (): Promise<ScsiResult> => {
      const cdb = Uint8Array.from([...cdbs[10](0x35, 0, 0), 0, 0, 0, 0, 0, 0]);
      const dataOut = new Uint8Array(0);
      return unit.execute(nexus, {
        lun: 0,
        cdb,
        attribute: 1,
        dataOut,
        roomBytes: 0,
        isAborted: () => false,
      });
    };
  });
  expect(told(await one!())).toBe(lost); // nobody is answered
  const second = await one!();
  expect(told(second)).toBe(lost);
  second.answered?.();
  const third = one!();
  expect(told(await other!())).toBe(lost);
  bench.acknowledge('durable', 'A', 'B', 'C');
  expect(told(await third)).toBe(0);
});

test.each(['COMPARE AND WRITE', 'a write of one sector'])(
  '%s waits for a quorum once, however many steps it takes',
  async (what) => {
    const bench = new TargetBench().serve('A', 'B', 'C');
    const volume = new CoordinatedVolume(bench.coordinator, () => bench.nowMs);
    const sector = new Uint8Array(512);
    const outcome = (
      what === 'COMPARE AND WRITE' ? volume.compareAndWrite(0, sector, sector) : volume.write(0, sector)
    ).catch((error: unknown) => error);
    const behind = volume.write(0, sector).catch((error: unknown) => error);
    bench.lose('C');
    bench.lease('A', 'B');
    bench.tick(15_000);
    bench.lease('A', 'B');
    const asked = ['A', 'B'].flatMap((id) => bench.last(id, 'read') ?? []);
    const data = new Uint8Array(4096);
    for (const { readId } of asked)
      for (const id of ['A', 'B']) bench.tell(id, { type: 'data', readId, last: 0, data });
    bench.lose('B');
    await new Promise((resolve) => setImmediate(resolve));
    bench.tick(20_000 - bench.nowMs);
    bench.tick(1_000);
    expect(await outcome).toMatchObject({ problem: 'busy' });
    // Nor does what waited for its block begin to wait anew.
    await new Promise((resolve) => setImmediate(resolve));
    bench.tick(50);
    expect(await behind).toMatchObject({ problem: 'busy' });
  },
);

test('what a write of one sector was given may change as soon as it was taken', async () => {
  const bench = new TargetBench().serve('A', 'B', 'C');
  const volume = new CoordinatedVolume(bench.coordinator, () => bench.nowMs);
  bench.lease('A', 'B', 'C');
  // A Buffer, as sockets fill it: its slice() is no copy.
  const received = Buffer.alloc(512, 1);
  volume.quick.write(512, received, { quickDone: () => undefined }, undefined);
  received.fill(2);
  await new Promise((resolve) => setImmediate(resolve));
  const [asked] = ['A', 'B', 'C'].flatMap((id) => bench.last(id, 'read') ?? []);
  const data = new Uint8Array(4096);
  for (const id of ['A', 'B', 'C'])
    if (asked) bench.tell(id, { type: 'data', readId: asked.readId, last: 0, data });
  await new Promise((resolve) => setImmediate(resolve));
  const entry = bench.last('A', 'entry')?.entry;
  const written = entry?.kind === 'write' ? Array.from(new Set(entry.data.subarray(512, 1024))) : [];
  expect(written).toEqual([1]);
});

test('a return to a snapshot comes wholly before or behind a write of one sector', async () => {
  const bench = new TargetBench().serve('A', 'B', 'C');
  const volume = new CoordinatedVolume(bench.coordinator, () => bench.nowMs);
  const snapshots = new VolumeSnapshots(
    bench.coordinator,
    () => bench.nowMs,
    (run) => volume.alone(run),
  );
  const settled = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    bench.acknowledge('durable', 'A', 'B', 'C');
  };
  const taken = snapshots.take('a', 1);
  await settled();
  await taken;
  const written = volume.write(512, new Uint8Array(512).fill(1));
  const returned = snapshots.revert('a', true);
  await settled();
  const of = ['A', 'B', 'C'].find((id) => bench.last(id, 'read'))!;
  const { readId } = bench.must(of, 'read');
  bench.tell(of, { type: 'data', readId, last: bench.coordinator.status().last, data: new Uint8Array(4096) });
  for (let round = 0; round < 3; round++) await settled();
  await Promise.all([written, returned]);
  const kinds = bench.sent.flatMap(({ to, message }) =>
    to === 'A' && message.type === 'entry' ? [message.entry.kind] : [],
  );
  expect(kinds.filter((kind) => kind === 'write' || kind === 'revert')).toEqual(['write', 'revert']);
});

test('who has the volume alone has the blocks that it is given meanwhile, too', async () => {
  const bench = new TargetBench().serve('A', 'B', 'C');
  const volume = new CoordinatedVolume(bench.coordinator, () => bench.nowMs);
  const settled = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    bench.acknowledge('durable', 'A', 'B', 'C');
  };
  const asked = () => ['A', 'B', 'C'].filter((id) => bench.last(id, 'read'));
  const { sizeBytes } = volume;
  const held = Promise.withResolvers<void>();
  const alone = volume.alone(() => held.promise);
  const grown = volume.resize(2 * sizeBytes);
  await settled();
  await grown;
  expect(volume.sizeBytes).toBe(2 * sizeBytes);
  const written = volume.write(sizeBytes + 512, new Uint8Array(512).fill(1));
  await settled();
  expect(asked()).toEqual([]);
  held.resolve();
  await alone;
  await settled();
  expect(asked()).toHaveLength(1);
  const { readId } = bench.must(asked()[0]!, 'read');
  bench.tell(asked()[0]!, {
    type: 'data',
    readId,
    last: bench.coordinator.status().last,
    data: new Uint8Array(4096),
  });
  for (let round = 0; round < 3; round++) await settled();
  await written;
});
