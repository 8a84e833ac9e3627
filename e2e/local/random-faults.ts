/** Faults in random order from one seed, one after the other and overlapping, while a writer keeps its books. */
import { setTimeout as delay } from 'node:timers/promises';
import { prng } from '../../src/shared/prng.ts';
import { restart } from './local-volume.ts';

const pools = ['pool-1', 'pool-2', 'pool-3'];

export interface Faults {
  readonly dir: string;
  /** Pids as they are now; kept up to date here. */
  readonly pids: Map<string, number>;
  readonly seed: number;
  readonly durationMs: number;
  /** What was done, for the report of a failure. */
  readonly done: string[];
}

/** Resolves when the time is over and everything runs again. */
export async function injectFaults({ dir, pids, seed, durationMs, done }: Faults): Promise<void> {
  const random = prng(seed);
  const pick = () => pools[random.below(pools.length)] ?? 'pool-1';
  const signal = (name: string, what: NodeJS.Signals) => {
    done.push(`${what} ${name}`);
    process.kill(pids.get(name) ?? 0, what);
  };
  const again = async (name: string) => {
    pids.set(name, await restart(dir, name));
    done.push(`restarted ${name}`);
  };
  const faults: readonly (() => Promise<void>)[] = [
    async () => {
      const name = pick();
      signal(name, 'SIGKILL');
      await delay(random.below(2_000));
      await again(name);
    },
    async () => {
      signal('target', 'SIGKILL');
      await delay(random.below(1_000));
      await again('target');
    },
    async () => {
      const name = pick();
      signal(name, 'SIGSTOP');
      await delay(random.below(3_000));
      signal(name, 'SIGCONT');
    },
    async () => {
      const [one, other] = [pick(), pick()];
      signal(one, 'SIGKILL');
      if (other !== one) signal(other, 'SIGKILL');
      await delay(random.below(1_000));
      await again(one);
      if (other !== one) await again(other);
    },
    async () => {
      const name = pick();
      done.push(`orderly restart of ${name}`);
      await again(name);
    },
  ];
  for (const untilMs = performance.now() + durationMs; performance.now() < untilMs;) {
    await faults[random.below(faults.length)]?.();
    await delay(random.below(2_000));
  }
}
