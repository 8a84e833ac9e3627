/** What the operator's checks run on. */
import type { ApiServer } from '../apiserver/api-server.ts';
import type { FakeCluster } from './fake-cluster.ts';
import type { Operator } from './operator.ts';

export interface Bench {
  readonly api: ApiServer;
  readonly cluster: FakeCluster;
  readonly operator: Operator;
}
