/** kubectl for programs: objects in and out as JSON. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, run, type Result } from '../shell.ts';
import { programs } from '../testbed/testbed.ts';

/** As much of an object as the suites look at. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

export interface Pod extends KubeObject {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly {
      readonly ready: boolean;
      readonly restartCount: number;
      readonly containerID?: string;
      readonly state?: { readonly running?: { readonly startedAt?: string } };
    }[];
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime?: string;
    }[];
  };
}

export class Kubectl {
  readonly #program: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(kubeconfig: string) {
    const own = join(programs, 'kubectl');
    this.#program = existsSync(own) ? own : 'kubectl';
    this.#environment = { ...process.env, KUBECONFIG: kubeconfig };
  }

  /** Any command; answers its output, throws CommandError. */
  run(
    args: readonly string[],
    options: { readonly input?: string; readonly timeoutMs?: number } = {},
  ): Promise<string> {
    return run([this.#program, ...args], { ...options, env: this.#environment });
  }

  attempt(
    args: readonly string[],
    options: { readonly input?: string; readonly timeoutMs?: number } = {},
  ): Promise<Result> {
    return attempt([this.#program, ...args], { ...options, env: this.#environment });
  }

  /** One object, or undefined when it does not exist. `where` is `-n NAMESPACE` or nothing. */
  async get<T extends KubeObject>(
    kind: string,
    name: string,
    ...where: readonly string[]
  ): Promise<T | undefined> {
    const text = await this.run(['get', kind, name, ...where, '--ignore-not-found', '-o', 'json']);
    return text.trim() === '' ? undefined : (JSON.parse(text) as T);
  }

  async list<T extends KubeObject>(kind: string, ...where: readonly string[]): Promise<readonly T[]> {
    return (JSON.parse(await this.run(['get', kind, ...where, '-o', 'json'])) as { items: readonly T[] })
      .items;
  }

  /** Applies objects as a user would. */
  apply(objects: readonly object[]): Promise<string> {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    return this.run(['apply', '-f', '-'], { input });
  }

  exec(namespace: string, pod: string, command: readonly string[], timeoutMs = 60_000): Promise<string> {
    return this.run(['exec', '-n', namespace, pod, '--', ...command], { timeoutMs });
  }

  /** A command that goes on by itself; the caller ends it. */
  start(args: readonly string[]): ChildProcess {
    return spawn(this.#program, args, { env: this.#environment, stdio: ['pipe', 'pipe', 'pipe'] });
  }
}

/**
 * Ready, or was since its container runs: where the machine has too much to do, an answer to the kubelet may be late, and
 * the pod serves all the same.
 */
export function hasServed(pod: Pod): boolean {
  if (isReady(pod)) return true;
  const startedAt = pod.status.containerStatuses?.[0]?.state?.running?.startedAt;
  const ready = pod.status.conditions?.find(({ type }) => type === 'Ready');
  if (pod.metadata.deletionTimestamp !== undefined || startedAt === undefined) return false;
  return Date.parse(ready?.lastTransitionTime ?? '') > Date.parse(startedAt);
}

export const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  (pod.status.containerStatuses?.length ?? 0) > 0 &&
  (pod.status.containerStatuses ?? []).every((container) => container.ready);
