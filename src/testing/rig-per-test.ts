/** One rig for each test of a file, ended with its targets when the test is over, however it went. */
import { afterEach } from '@jest/globals';
import { must } from '../shared/assert.ts';
import { ReplicaRig, type RigOptions } from './replica-rig.ts';

export function rigPerTest(usual: RigOptions) {
  let open: ReplicaRig | undefined;
  afterEach(async () => {
    await open?.end();
    open = undefined;
  });
  return {
    /** `options`: where the test's differs from the others'. */
    start: async (options: Partial<RigOptions> = {}): Promise<ReplicaRig> =>
      (open = await ReplicaRig.start({ ...usual, ...options })),
    /** See `ReplicaRig.until`. */
    until: <T>(what: string, look: () => T | undefined): Promise<T> => must(open, 'a rig').until(what, look),
  };
}
