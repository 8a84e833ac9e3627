/**
 * What a volume in a file remembers for its unit, in a file beside it: `PATH.state`, JSON, mode 600, replaced as a whole.
 *
 * A value is durable before `remember` answers: new file, fsync, rename over the old one, fsync of the folder.
 */
import { OneByOne } from '../shared/one-by-one.ts';
import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../shared/exit-codes.ts';
import { VolumeError } from './volume.ts';

const formatVersion = 1;
type Values = Readonly<Record<string, string>>;

export class FileValues {
  readonly #path: string;
  #values: Values;
  readonly #writes = new OneByOne();

  /** Throws UsageError when the file is there and can not be understood. */
  constructor(volumePath: string) {
    this.#path = `${volumePath}.state`;
    this.#values = readValues(this.#path);
  }

  recall(key: string): string | undefined {
    return this.#values[key];
  }

  /** Rejects with VolumeError when the file system does not take it. */
  remember(key: string, value: string): Promise<void> {
    return this.#writes.run(async () => {
      const values = { ...this.#values, [key]: value };
      await this.#write(values);
      this.#values = values;
    });
  }

  async #write(values: Values): Promise<void> {
    try {
      const next = `${this.#path}.new`;
      await using file = await open(next, 'w', 0o600);
      await file.writeFile(JSON.stringify({ version: formatVersion, values }));
      await file.datasync();
      await rename(next, this.#path);
      await using folder = await open(dirname(this.#path));
      await folder.sync();
    } catch (error) {
      throw new VolumeError('noSpace', error instanceof Error ? error.message : String(error));
    }
  }
}

function readValues(path: string): Values {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new UsageError(`${path} can not be read: make it readable, it keeps the reservations`, {
      cause: error,
    });
  }
  try {
    const { version, values } = JSON.parse(text) as { version: number; values: Values };
    if (version === formatVersion) return values;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UsageError(`${path} is of another release, or damaged: move it away to forget the reservations`);
}
