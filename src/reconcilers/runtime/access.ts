/**
 * Where the API server is and how to be let in. In a pod: the service account's files, read again every minute, since tokens
 * are renewed. Elsewhere: a kubeconfig with all that @kubernetes/client-node knows (commands, OIDC, proxies). That library
 * is loaded only then: it costs 90 MB and a second of start, which each node would pay.
 */
import type { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../shared/clock.ts';

export interface Access {
  readonly server: URL;
  /** Headers and TLS options of a request. */
  readonly options: RequestOptions;
  /** A proxy's agent; undefined: the connection's own. */
  readonly agent: Agent | undefined;
}

/** There is no way to know where the API server is: a person must mend it, and trying again does not. */
export class AccessError extends Error {
  override readonly name = 'AccessError';
}

/** Asked before each request. Throws when a file or a command fails: the API server counts as not reached then. */
export type AccessSource = () => Promise<Access>;

export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';
const tokenAgeMsMax = 60_000;

/** With $KUBECONFIG that; else as the service account of this pod; else ~/.kube/config. */
export function accessFromEnvironment(clock: Clock): AccessSource {
  const { KUBECONFIG, KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env;
  const inPod = host !== undefined && existsSync(join(serviceAccountFolder, 'token'));
  return inPod && (KUBECONFIG === undefined || KUBECONFIG === '')
    ? accessOfServiceAccount(serviceAccountFolder, host, port, clock)
    : accessOfKubeconfig(undefined);
}

export function accessOfServiceAccount(
  folder: string,
  host: string,
  port: string,
  clock: Clock,
): AccessSource {
  const server = new URL(`https://${host.includes(':') ? `[${host}]` : host}:${port}`);
  let read: { readonly atMs: number; readonly access: Access } | undefined;
  return async () => {
    if (read === undefined || clock.nowMs() - read.atMs > tokenAgeMsMax) {
      const token = (await readFile(join(folder, 'token'), 'utf8')).trim();
      const ca = await readFile(join(folder, 'ca.crt'), 'utf8');
      const headers = { authorization: `Bearer ${token}` };
      read = { atMs: clock.nowMs(), access: { server, options: { ca, headers }, agent: undefined } };
    }
    return read.access;
  };
}

/** A kubeconfig file; undefined: the ones that kubectl would take. */
export function accessOfKubeconfig(path: string | undefined): AccessSource {
  const loaded = loadKubeconfig(path);
  // who asks first hears of it; an unhandled rejection would hide which file it was
  loaded.catch(() => undefined);
  return async () => {
    const { config, server, proxied } = await loaded;
    const options: RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options);
    const { agent, ...rest } = options;
    return { server, options: rest, agent: proxied ? (agent as Agent) : undefined };
  };
}

async function loadKubeconfig(path: string | undefined) {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error('its current context names no cluster');
    const proxied = cluster.proxyUrl !== undefined && cluster.proxyUrl !== '';
    return { config, server: new URL(cluster.server), proxied };
  } catch (error) {
    const name = path ?? process.env['KUBECONFIG'] ?? '~/.kube/config';
    throw new AccessError(`kubeconfig ${name}: ${String(error)}`, { cause: error });
  }
}
