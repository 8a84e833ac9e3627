/** Which replica is right about a range, when they do not say the same of it. */
export interface Said {
  readonly id: string;
  /** Undefined: it can not read the range. */
  readonly digest: string | undefined;
}

/** `good`: one that is right; undefined: nobody can be told to be. */
export type Verdict = { readonly equal: true } | { readonly equal: false; readonly good: string | undefined };

/** More than half of them are right; else those that can read it, when they say the same. */
export function verdict(said: readonly Said[]): Verdict {
  const byDigest = new Map<string, string[]>();
  for (const { id, digest } of said)
    if (digest !== undefined) byDigest.set(digest, [...(byDigest.get(digest) ?? []), id]);
  const [most = [], ...others] = [...byDigest.values()].toSorted((a, b) => b.length - a.length);
  if (most.length === said.length) return { equal: true };
  const isRight = most.length * 2 > said.length || others.length === 0;
  return { equal: false, good: isRight ? most[0] : undefined };
}
