import { groupsPerRequest } from '../../replication/replica/prover.ts';
import { blockBytes } from '../../shared/block-size.ts';
import type { SimWorld } from './sim-world.ts';

/** How long the answers to one copier take for all blocks of a snapshot, or of the head: one is asked for after the other. */
export function copyingMs({ plan: { timing, copyMs }, operator }: SimWorld): number {
  const blocks = Math.max(...operator.members.map(({ store }) => store.sizeBytes / blockBytes));
  const lists = timing.listMax === 0 ? 0 : Math.ceil(blocks / timing.listPartMax);
  const requests = Math.ceil(blocks / (timing.copyBytesMax / blockBytes)) + lists;
  const comparisons = Math.ceil(blocks / groupsPerRequest);
  return (requests + comparisons) * 2 * copyMs;
}
