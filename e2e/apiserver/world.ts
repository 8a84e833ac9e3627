/** What the runtime's checks share: clients of a real API server whose requests can be counted, cut off and bent. */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject } from '../../src/api/object-meta.ts';
import type { Resource } from '../../src/api/resources.ts';
import { ApiUnreachable } from '../../src/reconcilers/runtime/api-error.ts';
import { KubernetesClient } from '../../src/reconcilers/runtime/client.ts';
import {
  KubeConnection,
  type ApiConnection,
  type ApiRequest,
} from '../../src/reconcilers/runtime/connection.ts';
import { Informers } from '../../src/reconcilers/runtime/informer.ts';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import { systemClock } from '../../src/shared/edge/system-clock.ts';
import { silentLog } from '../../src/shared/log.ts';

/** A connection that remembers its requests and can be cut: requests fail and watches break, as with a pulled cable. */
export class TestConnection implements ApiConnection {
  readonly requests: ApiRequest[] = [];
  /** Watches that have begun, with the version each began from. */
  readonly watches: string[] = [];
  /** Codes of the ERROR events of watches. */
  readonly refusals: number[] = [];
  readonly #inner: ApiConnection;
  #cut = new AbortController();
  #isCut = false;

  constructor(inner: ApiConnection) {
    this.#inner = inner;
  }
  get writes(): ApiRequest[] {
    return this.requests.filter(({ method }) => method !== 'GET');
  }
  cut(): void {
    this.#isCut = true;
    this.#cut.abort(new Error('the cable is out'));
  }
  mend(): void {
    this.#isCut = false;
    this.#cut = new AbortController();
  }
  async send(request: ApiRequest): Promise<unknown> {
    if (this.#isCut) throw new ApiUnreachable('the cable is out');
    this.requests.push(request);
    return await this.#inner.send(this.#cutting(request));
  }
  async *watch(request: ApiRequest, silenceMs: number): AsyncGenerator<unknown> {
    if (this.#isCut) throw new ApiUnreachable('the cable is out');
    this.watches.push(/resourceVersion=(\d*)/.exec(request.path)?.[1] ?? '');
    for await (const event of this.#inner.watch(this.#cutting(request), silenceMs)) {
      const { type, object } = event as { type: string; object: { code?: number } };
      if (type === 'ERROR') this.refusals.push(object.code ?? 0);
      yield event;
    }
  }
  close(): void {
    this.#inner.close();
  }
  #cutting(request: ApiRequest): ApiRequest {
    const { signal } = request;
    return {
      ...request,
      signal: AbortSignal.any([this.#cut.signal, ...(signal === undefined ? [] : [signal])]),
    };
  }
}

export interface World {
  readonly connection: TestConnection;
  readonly client: KubernetesClient;
  readonly informers: Informers;
  end(): Promise<void>;
}

/** A client with informers of its own. */
export function openWorld(
  kubeconfig: string,
  { fieldManager = 'caskade-test', silenceMs }: { fieldManager?: string; silenceMs?: number } = {},
): World {
  const connection = new TestConnection(KubeConnection.fromFile(kubeconfig));
  const client = new KubernetesClient({ connection, fieldManager, clock: systemClock, log: silentLog });
  const informers = new Informers({
    client,
    clock: systemClock,
    log: silentLog,
    ...(silenceMs === undefined ? {} : { silenceMs }),
  });
  return {
    connection,
    client,
    informers,
    async end() {
      await informers.stop();
      connection.close();
    },
  };
}

export type ConfigMap = typeof core.configMaps extends Resource<infer T extends KubernetesObject> ? T : never;

export const configMap = (namespace: string, name: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { namespace, name },
  data,
});

/** A namespace of a check's own; it is not deleted, since the API server goes at the end. */
export async function newNamespace(client: KubernetesClient, name: string): Promise<string> {
  await client.createOrGet(core.namespaces, { metadata: { name } });
  return name;
}

/** Polls without a message; for states that come within milliseconds. */
export async function eventually(what: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${timeoutMs / 1000} s: ${what}`);
    await delay(20);
  }
}
