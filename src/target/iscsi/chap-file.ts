/** The file of CHAP secrets that a user or a Secret mounts: lines `USER SECRET` and `mutual USER SECRET`. */
import type { ChapCredentials } from './chap.ts';

/** A line can not be understood. The message names the line's number and never a secret. */
export class ChapFileError extends Error {
  override readonly name = 'ChapFileError';
}

/** Of one user: the old one and the new one, while a secret is exchanged, and some that should have gone. */
const secretsMax = 4;

/**
 * Reads the text of such a file; `#` begins a comment line. A user may stand there several times, with several secrets.
 * Throws ChapFileError.
 */
export function parseChapFile(text: string): ChapCredentials {
  const users = new Map<string, readonly string[]>();
  let mutual: { user: string; secret: string } | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === '' || words[0]?.startsWith('#') === true) continue;
    const where = `CHAP file, line ${index + 1}`;
    if (words[0] === 'mutual' && words.length === 3) {
      if (mutual !== undefined) throw new ChapFileError(`${where}: a second mutual line`);
      mutual = { user: words[1] ?? '', secret: words[2] ?? '' };
      continue;
    }
    const [user, secret] = words;
    if (user === undefined || secret === undefined || words.length !== 2)
      throw new ChapFileError(`${where}: write \`USER SECRET\` or \`mutual USER SECRET\``);
    const before = users.get(user) ?? [];
    if (before.length >= secretsMax)
      throw new ChapFileError(`${where}: user ${user} has ${secretsMax} secrets already`);
    users.set(user, [...before, secret]);
  }
  if (users.size === 0) throw new ChapFileError('CHAP file: no user; write a line `USER SECRET`');
  // With one secret both ways, an attacker lets the target compute the answer it is itself asked for (RFC 7143 §9.2.1).
  if (mutual !== undefined && [...users.values()].flat().includes(mutual.secret))
    throw new ChapFileError('CHAP file: the mutual secret must differ from every user’s');
  return mutual === undefined ? { users } : { users, mutual };
}
