import { expect, test } from '@jest/globals';
import { proofSnapshot } from '../../replication/record.ts';
import { must } from '../../shared/assert.ts';
import { planOf } from './sim-plan.ts';
import { SimWorld } from './sim-world.ts';

test('what a replica does to its store as it begins may be there after a crash, or not', () => {
  const world = new SimWorld({ ...planOf(1), layout: undefined, scsi: false, events: [] });
  const replica = must(world.replicas[0], 'a replica');
  const { store } = replica;
  replica.crash();
  store.snapshot(proofSnapshot(7));
  store.beginCommit()();
  replica.start();
  expect(store.survivors.map(({ snapshots }) => [...snapshots.keys()])).toEqual([[proofSnapshot(7)], []]);
});
