/** Entries of a cluster and the instances that serve them. */
import { createHash } from 'node:crypto';
import { devicesOfInstance, type Instance, type PoolEntry } from './inventory.ts';

/** Which instance serves which entry: the one with a device of it, else the one on its node. */
export function instancesByEntry(
  pools: readonly PoolEntry[],
  instances: readonly Instance[],
): ReadonlyMap<PoolEntry, Instance> {
  const found = new Map<PoolEntry, Instance>();
  const taken = new Set<Instance>();
  const match = (fits: (pool: PoolEntry, instance: Instance) => boolean) => {
    for (const pool of pools) {
      if (found.has(pool)) continue;
      const instance = instances.find((each) => !each.deleting && !taken.has(each) && fits(pool, each));
      if (instance === undefined) continue;
      found.set(pool, instance);
      taken.add(instance);
    }
  };
  match((pool, instance) =>
    devicesOfInstance(pool).some((device) => devicesOfInstance(instance).includes(device)),
  );
  match((pool, instance) => sameSelector(pool.nodeSelector, instance.nodeSelector));
  return found;
}

const sorted = (value: Readonly<Record<string, string>>) =>
  JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
export const sameSelector = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>) =>
  sorted(a) === sorted(b);

/** `<cluster>-<4 characters>`: same claims, same name. */
export function instanceName(
  cluster: { readonly name: string; readonly uid: string },
  claims: readonly { readonly uid: string }[],
  instances: readonly { readonly name: string }[],
): string {
  const seed = [cluster.uid, ...claims.map((claim) => claim.uid).toSorted()].join('/');
  const taken = new Set(instances.map((instance) => instance.name));
  for (let attempt = 0; ; attempt++) {
    const digest = createHash('sha256').update(`${seed}#${attempt}`).digest();
    const suffix = [...digest.subarray(0, 4)]
      .map((byte) => suffixAlphabet[byte % suffixAlphabet.length])
      .join('');
    const name = `${cluster.name}-${suffix}`;
    if (!taken.has(name)) return name;
  }
}
/** Without vowels and look-alikes: no words, no confusion. 27 characters. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
