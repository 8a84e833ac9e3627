/** What the recorder in a pod promised, read from the pod's log, which lies outside of the volume. */
import { until } from '../until.ts';
import type { Kubectl } from './kubectl.ts';

interface Line {
  readonly n?: number;
  readonly ms?: number;
  readonly at?: number;
  readonly done?: number;
  readonly from?: number;
  readonly error?: string;
}

export class Recording {
  readonly #kubectl: Kubectl;
  readonly #where: readonly string[];
  readonly #pod: string;
  readonly #directory: string;

  constructor(kubectl: Kubectl, namespace: string, pod: string, directory: string) {
    this.#kubectl = kubectl;
    this.#where = ['-n', namespace];
    this.#pod = pod;
    this.#directory = directory;
  }

  /** The command of a pod that records. */
  static command(directory: string): readonly string[] {
    return ['node', '/scripts/recorder.ts', 'write', directory, '/control/stop'];
  }

  async #lines(...options: readonly string[]): Promise<readonly Line[]> {
    const text = await this.#kubectl.run(['logs', ...this.#where, this.#pod, ...options]);
    const lines = text.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line) as Line);
  }

  /** Number of the newest record that was acknowledged as flushed. Throws when the writer met an error. */
  async last(): Promise<number> {
    let last = 0;
    for (const line of await this.#lines('--tail=3')) {
      if (line.error !== undefined) throw new Error(`the writer met ${line.error} at record ${line.n}`);
      last = line.n ?? line.done ?? last;
    }
    return last;
  }

  /** The same, whatever happened to the writer since. */
  async lastPromised(): Promise<number> {
    return Math.max(
      0,
      ...(await this.#lines()).map((line) => (line.error === undefined ? (line.n ?? 0) : 0)),
    );
  }

  /** The newest record that the writer found when it began. */
  async from(): Promise<number> {
    return (await this.#lines()).find((line) => line.from !== undefined)?.from ?? 0;
  }

  /** Waits until records newer than `n` were flushed; answers the newest. */
  async beyond(n: number, timeoutMs: number): Promise<number> {
    const found = await until(`the writer goes on beyond record ${n}`, timeoutMs, async () => {
      const last = await this.last();
      return last > n ? { last } : `it is at record ${last}`;
    });
    return found.last;
  }

  /**
   * What the writer felt of a fault that was there after record `n`: waits until `count` records were flushed that began
   * later, and answers the newest and the longest that one of them took.
   */
  async felt(n: number, count: number, timeoutMs: number): Promise<{ last: number; longestMs: number }> {
    // The record under way when the fault came may have been done already.
    const last = await this.beyond(n + 1 + count, timeoutMs);
    return { last, longestMs: await this.longestMsSince(n) };
  }

  /** The longest that a record newer than `n` took. */
  async longestMsSince(n: number): Promise<number> {
    const lines = await this.#lines();
    return Math.max(0, ...lines.filter((line) => (line.n ?? 0) > n).map((line) => line.ms ?? 0));
  }

  /** Records that took longer than a limit, newer than `n`, with the time of their end. */
  async slowSince(n: number, limitMs: number): Promise<readonly string[]> {
    const slow = (await this.#lines()).filter((line) => (line.n ?? 0) > n && (line.ms ?? 0) > limitMs);
    return slow.map(
      (line) => `record ${line.n} took ${line.ms} ms until ${new Date(line.at ?? 0).toISOString()}`,
    );
  }

  /** Ends the writer; answers its last record. */
  async stop(): Promise<number> {
    await this.#kubectl.run(['exec', ...this.#where, this.#pod, '--', 'touch', '/control/stop']);
    const found = await until('the writer stops', 30_000, async () => {
      const done = (await this.#lines('--tail=1'))[0]?.done;
      return done === undefined ? 'it still writes' : { done };
    });
    return found.done;
  }

  /** Reads every record back through a pod, from the volume and not from the page cache. Throws when one is not as promised. */
  async check(pod: string, last: number): Promise<string> {
    const dropCache = `for f in ${this.#directory}/*; do dd of="$f" oflag=nocache conv=notrunc,fdatasync count=0 status=none; done`;
    const script = `${dropCache}; exec node /scripts/recorder.ts check ${this.#directory} ${last}`;
    return this.#kubectl.run(['exec', ...this.#where, pod, '--', 'sh', '-c', script], { timeoutMs: 120_000 });
  }
}
