/** CHAP secrets from a file that only its owner may read; a changed file holds for the next login. */
import { readFileSync } from 'node:fs';
import { requirePrivate } from '../shared/edge/config-file.ts';
import { watchContent, type Watching } from '../shared/edge/file-watch.ts';
import { UsageError } from '../shared/exit-codes.ts';
import type { Log } from '../shared/log.ts';
import { ChapFileError, parseChapFile } from './iscsi/chap-file.ts';
import type { ChapCredentials } from './iscsi/chap.ts';

export interface ChapSecrets extends Watching {
  /** Always the newest good content. */
  readonly credentials: ChapCredentials;
}

/** Throws UsageError when the file can not be used now. `flag` names where the user gave it. */
export function readChapFile(flag: string, file: string): ChapCredentials {
  requirePrivate(flag, file);
  try {
    return parseChapFile(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof ChapFileError)
      throw new UsageError(`${flag} ${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A later content that can not be used is logged and changes nothing: it must not lock everybody out, or in. */
export function watchChapFile(flag: string, file: string, lookMs: number, log: Log): ChapSecrets {
  let current = readChapFile(flag, file);
  const watching = watchContent(file, lookMs, () => {
    try {
      current = readChapFile(flag, file);
      log.info('CHAP secrets read again', { file });
    } catch (error) {
      log.error('CHAP file can not be used: the secrets before it stay in force', { file, error });
    }
  });
  return {
    credentials: {
      get users() {
        return current.users;
      },
    },
    stop: () => watching.stop(),
  };
}
