/** The operator as a process of its own, against the test's API server. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { namespace } from './fake-cluster.ts';

const main = join(import.meta.dirname, '../../src/main.ts');

export class Operator {
  readonly #kubeconfig: string;
  readonly #log: string;
  readonly #port: number;
  #child: ChildProcess | undefined;

  constructor(kubeconfig: string, log: string, port: number) {
    this.#kubeconfig = kubeconfig;
    this.#log = log;
    this.#port = port;
    process.once('exit', () => this.#child?.kill('SIGKILL'));
  }

  /** `settings`: environment beyond the usual, until the next start. */
  start(settings: Readonly<Record<string, string>> = {}): void {
    const log = openSync(this.#log, 'a');
    this.#child = spawn(process.execPath, [main, 'operator', '--http', `127.0.0.1:${this.#port}`], {
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        KUBECONFIG: this.#kubeconfig,
        CASKADE_NAMESPACE: namespace,
        CASKADE_IMAGE: 'caskade:test',
        CASKADE_VERSION: '0.1.0',
        // A restarted container keeps its pod's name, and so takes its own lease at once.
        POD_NAME: 'operator-0',
        ...settings,
      },
    });
    closeSync(log);
  }
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return await ended;
  }
  readonly url = (path: string): string => `http://127.0.0.1:${this.#port}${path}`;
}
