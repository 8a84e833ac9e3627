/** Compares what was copied with the source's content at one number, group by group (R25). */
import { createHash } from 'node:crypto';
import type { BlockRange, CopyReply, CopyRequest } from '../copy.ts';
import { proofSnapshot, type Fence } from '../record.ts';
import type { Done, Outcome, StoreEffects } from '../store.ts';
import type { CopyLink } from './copier.ts';
import type { Groups } from './groups.ts';

interface ProverOptions {
  readonly effects: StoreEffects;
  readonly source: CopyLink;
  readonly fence: Fence;
  readonly attachId: number;
  readonly firstLive: number;
  /** Stored name of the source's snapshot that ours is to be equal to; undefined: that of the proof. */
  readonly snapshot: string | undefined;
  /** The entry at which both took a snapshot. */
  readonly number: number;
  readonly groups: Groups;
}

export type ProofOutcome =
  /** `root`: of the hash tree over all groups, hexadecimal. */
  | { readonly outcome: 'equal'; readonly root: string }
  | { readonly outcome: 'differs'; readonly groups: readonly BlockRange[] }
  | { readonly outcome: 'again' }
  | { readonly outcome: 'sourceLost' | 'failed'; readonly message: string };

export const groupsPerRequest = 16;
/** Wrong groups looked for before all of them are copied again. */
const wrongMax = 1_024;

export class Prover {
  readonly #o: ProverOptions;
  /** Two levels: digests of groups, and the digest of these, each with its place. */
  readonly #tree = createHash('sha256');
  #index = 0;
  #wrong: BlockRange[] = [];

  constructor(options: ProverOptions) {
    this.#o = options;
  }

  get number(): number {
    return this.#o.number;
  }

  /** Compares one batch after the other; after `again` it is called again and goes on where it was. */
  run(done: (outcome: ProofOutcome) => void): void {
    const { groups, next } = this.#o.groups.from(this.#index, groupsPerRequest);
    const finish = () =>
      done(
        this.#wrong.length === 0
          ? { outcome: 'equal', root: this.#tree.digest('hex') }
          : { outcome: 'differs', groups: this.#wrong },
      );
    if (groups.length === 0) return finish();
    const { fence, attachId, firstLive, number, snapshot } = this.#o;
    const request: CopyRequest = { ...fence, type: 'digest', attachId, firstLive, snapshot, number, groups };
    // Both sides look at once.
    let [ours, theirs]: [OwnDigests | undefined, TheirDigests | undefined] = [undefined, undefined];
    const compare = () => {
      if (!ours || !theirs) return;
      if (!theirs.ok) return done(theirs.outcome);
      this.#compare(groups, ours, theirs.digests);
      if (next === undefined || this.#wrong.length >= wrongMax) return finish();
      this.#index = next;
      this.run(done);
    };
    this.#o.source.ask(request, (reply) => {
      theirs = theirDigests(reply, groups.length);
      compare();
    });
    ownDigests(this.#o.effects, groups, proofSnapshot(number), (found) => {
      ours = found;
      compare();
    });
  }

  #compare(groups: readonly BlockRange[], ours: OwnDigests, theirs: readonly Uint8Array[]): void {
    groups.forEach(({ block, count }, i) => this.#tree.update(`${block} ${count}\n`).update(theirs[i] ?? ''));
    const wrong = groups.filter((_, i) => !equal(ours[i], theirs[i]));
    this.#wrong.push(...wrong);
  }
}

type OwnDigests = readonly (Uint8Array | undefined)[];
type TheirDigests =
  | { readonly ok: true; readonly digests: readonly Uint8Array[] }
  | { readonly ok: false; readonly outcome: ProofOutcome };

function theirDigests(reply: Outcome<CopyReply>, count: number): TheirDigests {
  const not = (outcome: ProofOutcome): TheirDigests => ({ ok: false, outcome });
  if (!reply.ok) return not({ outcome: 'sourceLost', message: reply.message });
  const { value } = reply;
  if (value.type === 'notYet') return not({ outcome: 'again' });
  if (value.type === 'refused') return not({ outcome: 'sourceLost', message: value.message });
  if (value.type === 'digests' && value.digests.length === count) return { ok: true, digests: value.digests };
  return not({ outcome: 'failed', message: 'the source answered something else' });
}

const equal = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;

/** What can not be read here has none: it is copied again, or written anew, and so mended. */
export function ownDigests(
  effects: StoreEffects,
  ranges: readonly BlockRange[],
  snapshot: string,
  done: (digests: readonly (Uint8Array | undefined)[]) => void,
): void {
  const found: (Uint8Array | undefined)[] = [];
  const next = (): void => {
    const range = ranges[found.length];
    if (!range) return done(found);
    effects.digest(range.block, range.count, snapshot, (digest) => {
      found.push(digest.ok ? digest.value : undefined);
      next();
    });
  };
  next();
}

/** Digests of several ranges of one snapshot, one after the other. */
export function digests(
  effects: StoreEffects,
  ranges: readonly BlockRange[],
  snapshot: string,
  done: Done<readonly Uint8Array[]>,
): void {
  const found: Uint8Array[] = [];
  const next = (): void => {
    const range = ranges[found.length];
    if (!range) return done({ ok: true, value: found });
    effects.digest(range.block, range.count, snapshot, (digest) => {
      if (!digest.ok) return done(digest);
      found.push(digest.value);
      next();
    });
  };
  next();
}
