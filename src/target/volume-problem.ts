/** What a coordinator could not do, as the Volume port says it. */
import type { Problem } from '../replication/coordinator/requests.ts';
import { VolumeError } from './volume.ts';

const texts: Readonly<Record<Problem, string>> = {
  busy: 'no quorum of replicas within the time an initiator waits',
  noSpace: 'the pools have no room for this write',
  unreadable: 'no replica in sync has a good copy of these blocks',
};

export const volumeProblem = (problem: Problem): VolumeError => new VolumeError(problem, texts[problem]);
