/** Which states a target showed of its volume and of each replica: counted whenever one becomes another. */
import type { VolumeStatus } from '../../replication/status.ts';
import type { Reach } from './sim-reach.ts';

export class SimStates {
  readonly #reach: Reach;
  readonly #replicas = new Map<string, string>();
  #phase = '';

  constructor(reach: Reach) {
    this.#reach = reach;
  }

  see({ phase, replicas }: Pick<VolumeStatus, 'phase' | 'replicas'>): void {
    if (phase !== this.#phase) this.#reach.hit(`volume ${phase}`);
    this.#phase = phase;
    for (const { replicaId, state } of replicas) {
      if (this.#replicas.get(replicaId) === state) continue;
      this.#replicas.set(replicaId, state);
      this.#reach.hit(`replica ${state}`);
    }
  }
}
