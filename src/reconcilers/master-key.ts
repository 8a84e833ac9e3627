/** The installation's master key (docs/security.md): made once, by whoever leads first, and never changed. */
import { randomBytes } from 'node:crypto';
import { UsageError } from '../shared/exit-codes.ts';
import type { KubernetesClient } from './runtime/client.ts';
import { core } from './runtime/core-resources.ts';

export const masterKeySecret = 'caskade-master-key';
const keyBytes = 32;

/** Reads the key, or makes it when there is none. Throws UsageError for a Secret that holds something else. */
export async function masterKey(client: KubernetesClient, namespace: string): Promise<Uint8Array> {
  const text = (value: string) => Buffer.from(value).toString('base64');
  const secret = await client.createOrGet(core.secrets, {
    metadata: { name: masterKeySecret, namespace },
    type: 'Opaque',
    data: { key: text(randomBytes(keyBytes).toString('hex')) },
  });
  const digits = Buffer.from(secret.data?.['key'] ?? '', 'base64')
    .toString()
    .trim();
  if (!/^[0-9a-f]{64}$/.test(digits))
    throw new UsageError(
      `Secret ${namespace}/${masterKeySecret}, data.key: it holds no 64 hexadecimal digits; restore it from a backup (without it no pool or target can be reached)`,
    );
  return Buffer.from(digits, 'hex');
}
