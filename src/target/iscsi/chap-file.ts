/** The file of CHAP secrets that a user or a Secret mounts: lines `USER SECRET` and `mutual USER SECRET`. */
import type { ChapCredentials, ChapSecret } from './chap.ts';

/** A line can not be understood. The message names the line's number and never a secret. */
export class ChapFileError extends Error {
  override readonly name = 'ChapFileError';
}

/** Of one user: the old one and the new one, while a secret is exchanged, and some that should have gone. */
const secretsMax = 4;

interface Line {
  /** For messages. */
  readonly where: string;
  readonly user: string;
  readonly secret: string;
}
type Mutual = NonNullable<ChapSecret['mutual']>;

/**
 * Reads the text of such a file; `#` begins a comment line. A user may stand there several times, with several secrets. A
 * mutual line holds for the users below it up to the next one, the first also for those above it: which of several is meant
 * is told by the secret that the initiator knows, since CHAP does not say. Throws ChapFileError.
 */
export function parseChapFile(text: string): ChapCredentials {
  const { userLines, mutuals } = linesOf(text);
  const users = new Map<string, readonly ChapSecret[]>();
  for (const { where, user, secret, section } of userLines) {
    const before = users.get(user) ?? [];
    if (before.length >= secretsMax)
      throw new ChapFileError(`${where}: user ${user} has ${secretsMax} secrets already`);
    if (before.some((other) => other.secret === secret))
      throw new ChapFileError(`${where}: user ${user} has this secret already`);
    users.set(user, [...before, { secret, mutual: mutuals[Math.max(section, 0)] }]);
  }
  if (users.size === 0) throw new ChapFileError('CHAP file: no user; write a line `USER SECRET`');
  // With one secret both ways, an attacker lets the target compute the answer it is itself asked for (RFC 7143 §9.2.1).
  const proofs = new Set(mutuals.map(({ secret }) => secret));
  if (userLines.some(({ secret }) => proofs.has(secret)))
    throw new ChapFileError('CHAP file: a mutual secret must differ from every user’s');
  return { users };
}

/** `section`: the number of the mutual line above a user's, -1 where there is none. */
function linesOf(text: string) {
  const userLines: (Line & { readonly section: number })[] = [];
  const mutuals: Mutual[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#') === true) continue;
    const where = `CHAP file, line ${index + 1}`;
    const [first = '', second = '', third] = words;
    if (first === 'mutual' && third !== undefined && words.length === 3) {
      if (mutuals.length >= secretsMax)
        throw new ChapFileError(`${where}: there are ${secretsMax} mutual lines already`);
      mutuals.push({ user: second, secret: third });
    } else if (second === '' || words.length !== 2)
      throw new ChapFileError(`${where}: write \`USER SECRET\` or \`mutual USER SECRET\``);
    else userLines.push({ where, user: first, secret: second, section: mutuals.length - 1 });
  }
  return { userLines, mutuals };
}
