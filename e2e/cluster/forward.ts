/** A port of a pod on this machine, through the API server: for clusters whose pods are out of reach. */
import { once } from 'node:events';
import type { Kubectl } from './kubectl.ts';

export interface Forward extends AsyncDisposable {
  /** HOST:PORT on this machine. */
  readonly address: string;
}

/** Throws when kubectl does not say within 20 s where it listens. */
export async function forwarded(
  kubectl: Kubectl,
  namespace: string,
  pod: string,
  port: number,
): Promise<Forward> {
  const child = kubectl.start([
    'port-forward',
    '-n',
    namespace,
    `pod/${pod}`,
    `:${port}`,
    '--address',
    '127.0.0.1',
  ]);
  let said = '';
  const address = await new Promise<string>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`port-forward to ${pod}: ${said}`)), 20_000);
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      const found = /Forwarding from (127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (found === undefined) return;
      clearTimeout(limit);
      resolve(found);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
  }).catch((error: unknown) => {
    child.kill();
    throw error;
  });
  return {
    address,
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'close');
      child.kill();
      await gone;
    },
  };
}
