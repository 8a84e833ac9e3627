/** What every store must do: each promise of volume-store.ts is a case here, and a naive model is compared with it. */
import { describe, jest } from '@jest/globals';
import { oneVolumeOf, type MakeHarness } from '../../testing/store-harness.ts';
import { birthsContract } from './volume-store-births.contract.ts';
import { clonesContract } from './volume-store-clones.contract.ts';
import { entriesContract } from './volume-store-entries.contract.ts';
import { modelContract } from './volume-store-model.contract.ts';
import { snapshotsContract } from './volume-store-snapshots.contract.ts';
import { spaceContract } from './volume-store-space.contract.ts';
import { volumesContract } from './volume-store-volumes.contract.ts';

export function volumeStoreContract(name: string, makeHarness: MakeHarness): void {
  const one = oneVolumeOf(makeHarness);
  jest.setTimeout(60_000);
  describe(`volume store: ${name}`, () => {
    volumesContract(one);
    entriesContract(one);
    snapshotsContract(one);
    birthsContract(one);
    clonesContract(one);
    spaceContract(one);
    modelContract(makeHarness);
  });
}
