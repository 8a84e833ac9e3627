/** One call at a time for each volume: sidecars and kubelets repeat calls that they think are lost. */
import { StatusError } from '../shared/grpc/status-error.ts';

export class VolumeLocks {
  readonly #held = new Map<string, string>();

  /** Runs `task` as the only one on `volume`; ABORTED, which the caller repeats, while another runs. */
  async with<T>(volume: string, call: string, task: () => Promise<T>): Promise<T> {
    const running = this.#held.get(volume);
    if (running !== undefined)
      throw new StatusError('ABORTED', `${running} of volume ${volume} is still running: try ${call} again`);
    this.#held.set(volume, call);
    try {
      return await task();
    } finally {
      this.#held.delete(volume);
    }
  }
}
