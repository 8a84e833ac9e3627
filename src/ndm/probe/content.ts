/**
 * What is on a device, read again only when something was written to it since, and never longer than a bound: a bad
 * disk must not keep the others from being seen.
 */
import { readDeviceContent } from '../../shared/edge/device-content.ts';
import type { Signature } from '../../shared/signatures.ts';
import type { Log } from '../../shared/log.ts';

export interface ContentKey {
  readonly path: string;
  readonly sizeBytes: number;
  /** Equal means that nothing was written in between. */
  readonly version: string;
}

/** Threads that file reads run on are four; a hanging disk may hold one of two. */
const readsMax = 2;

export class ContentReader {
  readonly #known = new Map<
    string,
    { readonly version: string; readonly found: Signature | 'none' | undefined }
  >();
  readonly #reading = new Map<string, Promise<void>>();
  readonly #timeoutMs: number;
  readonly #log: Log;

  constructor(log: Log, timeoutMs = 5_000) {
    this.#log = log;
    this.#timeoutMs = timeoutMs;
  }

  /** Undefined: not known, since it can not be read (now). */
  async read(device: ContentKey): Promise<Signature | 'none' | undefined> {
    const version = `${device.sizeBytes} ${device.version}`;
    const known = this.#known.get(device.path);
    if (known?.version === version) return known.found;
    if (!this.#reading.has(device.path)) {
      if (this.#reading.size >= readsMax) return undefined;
      this.#reading.set(device.path, this.#start(device, version));
    }
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.#timeoutMs);
    });
    await Promise.race([this.#reading.get(device.path), patience]);
    clearTimeout(timer);
    const now = this.#known.get(device.path);
    return now?.version === version ? now.found : undefined;
  }

  /** Forgets devices that are gone. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#known.delete(path);
  }

  async #start(device: ContentKey, version: string): Promise<void> {
    try {
      const { signatures } = await readDeviceContent(device.path, device.sizeBytes);
      this.#known.set(device.path, { version, found: signatures[0] ?? 'none' });
    } catch (error) {
      this.#log.warn('a device can not be read: look at its health (smartctl, dmesg)', {
        device: device.path,
        reason: (error as Error).message,
      });
      this.#known.set(device.path, { version, found: undefined });
    } finally {
      this.#reading.delete(device.path);
    }
  }
}
