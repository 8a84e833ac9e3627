/** The phases that objects go through while something happens, from a watch, so that none is missed. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { until } from '../until.ts';
import type { Kubectl } from './kubectl.ts';

export class PhaseWatch implements AsyncDisposable {
  readonly #child;
  /** By name, oldest first, without repeats. */
  readonly #phases = new Map<string, string[]>();

  constructor(kubectl: Kubectl, kind: string, ...where: readonly string[]) {
    const format = 'jsonpath={.metadata.name} {.status.phase}{"\\n"}';
    this.#child = kubectl.start(['get', kind, ...where, '--watch', '-o', format]);
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#seen(line));
  }

  #seen(line: string): void {
    const [name = '', phase = ''] = line.split(' ');
    const phases = this.#phases.get(name) ?? [];
    if (phases.at(-1) !== phase) phases.push(phase);
    this.#phases.set(name, phases);
  }

  /** Waits until the watch knows of `count` objects, so that nothing that happens afterwards is missed. */
  ready(count: number): Promise<object> {
    return until('the watch begins', 15_000, () =>
      Promise.resolve(this.#phases.size >= count ? this.#phases : `${this.#phases.size} of ${count}`),
    );
  }

  /** Waits until an object has left `phase` and is in it again; answers all its phases. */
  async leftAndBack(name: string, phase: string, timeoutMs: number): Promise<readonly string[]> {
    return until(
      `${name} leaves ${phase} and comes back`,
      timeoutMs,
      () => {
        const phases = this.#phases.get(name) ?? [];
        return Promise.resolve(phases.length > 1 && phases.at(-1) === phase ? phases : phases.join(' → '));
      },
      100,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'close');
    this.#child.kill();
    await gone;
  }
}
