import type { World } from '../world.ts';

/** Rather longer than the target's own patience for a quorum. */
const setInitiatorsDeadlineMs = 25_000;

/** Durable on a quorum of the replicas when it resolves. */
export async function setInitiators(world: World, volume: string, iqns: readonly string[]): Promise<void> {
  await world.targets
    .client(volume)
    ?.call('SetInitiators', { iqns: [...iqns] }, { deadlineMs: setInitiatorsDeadlineMs });
}
