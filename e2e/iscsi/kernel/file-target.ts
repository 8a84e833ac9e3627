/** `caskade target` over a sparse file, as a process of this machine that can be killed and started again. */
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serve, type FirstLine, type Served } from '../../local/local-volume.ts';

export class FileTarget {
  readonly volume: string;
  readonly iqn: string;
  readonly file: string;
  port: number;
  readonly #folder: string;
  readonly #more: readonly string[];
  #served: Served<FirstLine> | undefined;

  /** `more`: flags of the command. */
  constructor(folder: string, volume: string, port: number, more: readonly string[] = []) {
    this.volume = volume;
    this.iqn = `iqn.2016-09.com.openebs.cstor:${volume}`;
    this.file = join(folder, `${volume}.img`);
    this.port = port;
    this.#folder = folder;
    this.#more = more;
  }

  async create(sizeBytes: number): Promise<void> {
    await writeFile(this.file, '');
    await truncate(this.file, sizeBytes);
    await this.start();
  }
  async start(): Promise<void> {
    const listen = ['--listen', `127.0.0.1:${this.port}`];
    this.#served = await serve<FirstLine>(
      ['target', '--file', this.file, ...listen, '--iqn', this.iqn, ...this.#more],
      join(this.#folder, `${this.volume}.log`),
    );
  }
  get pid(): number {
    return this.#served?.pid ?? 0;
  }
  async kill(): Promise<void> {
    await this.#served?.kill();
  }
  async stop(): Promise<void> {
    await this.#served?.stop();
  }
}
