/**
 * How every secret of an installation follows from one master key (docs/security.md). Each party holds only what it
 * must answer for: a pool its pool key, a target one link key per replica; nothing can be derived upwards.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

const derive = (key: Uint8Array, ...parts: readonly string[]): Uint8Array =>
  createHmac('sha256', key).update(parts.join('\0')).digest();

/** The key of one pool: authenticates targets and copying replicas to it. */
export const poolKey = (masterKey: Uint8Array, pool: string): Uint8Array =>
  derive(masterKey, 'caskade pool v1', pool);

/** The key between one volume's target and one of its replicas. */
export const linkKey = (key: Uint8Array, volume: string, replicaId: string): Uint8Array =>
  derive(key, 'caskade link v1', volume, replicaId);

/** What a target gives a rebuilding replica so that it may copy from a source under this epoch and nonce. */
export const copyKey = (
  sourceLinkKey: Uint8Array,
  epoch: number,
  nonce: string,
  copierGuid: string,
): Uint8Array => derive(sourceLinkKey, 'caskade copy v1', String(epoch), nonce, copierGuid);

/** The bearer token of a pool's or a target's admin calls, hexadecimal. */
export const adminToken = (masterKey: Uint8Array, kind: 'pool' | 'target', name: string): string =>
  Buffer.from(derive(masterKey, 'caskade admin v1', kind, name)).toString('hex');

/** The answer to a challenge: shows that the sender has `key` without showing it. */
export const proof = (key: Uint8Array, ...parts: readonly string[]): Uint8Array =>
  derive(key, 'caskade proof v1', ...parts);

/** In time that does not depend on where they differ. */
export const equalSecrets = (a: Uint8Array, b: Uint8Array): boolean =>
  a.byteLength === b.byteLength && timingSafeEqual(a, b);
