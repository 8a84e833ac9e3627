/**
 * A disk that outlives its sessions: logs in again when one is lost and sends again what was not answered, as the kernel's
 * initiator does. All of that is bounded by `recoverMsMax` per request.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { login, LoginError, ScsiError, SessionLost, type Initiator, type LoginOptions } from './initiator.ts';

export interface DiskOptions extends LoginOptions {
  /** A request that has not succeeded after this time fails; default 60 s. */
  readonly recoverMsMax?: number | undefined;
  /** False: requests of a lost session reject with SessionLost instead of being sent again. Default true. */
  readonly resend?: boolean | undefined;
  /** Between two attempts to log in, or after BUSY; default 100 ms. */
  readonly retryDelayMs?: number | undefined;
  /** Silence after which the session is given up; it is probed by NOP-Outs. Default 10 s. */
  readonly silenceMsMax?: number | undefined;
}

export interface Disk {
  /** As of the newest login. */
  readonly sizeBytes: number;
  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array>;
  write(offsetBytes: number, data: Uint8Array, options?: { readonly fua?: boolean }): Promise<void>;
  flush(): Promise<void>;
  unmap(offsetBytes: number, lengthBytes: number): Promise<void>;
  /** How often it had to log in again. */
  readonly reconnects: number;
  onReconnect(listener: () => void): void;
  /** Ends the session without a word, as a failure would; it logs in again. */
  cut(): void;
  /** Logs out; requests that are on their way fail. */
  close(): Promise<void>;
}

const busy = 0x08;
const taskSetFull = 0x28;

/** The first login is tried once: its failure rejects. */
export async function openDisk(options: DiskOptions): Promise<Disk> {
  // One name for all its sessions, so that a new one replaces the one before it (RFC 7143 §6.3.5).
  const isid =
    options.isid ??
    `80${Math.floor(Math.random() * 2 ** 40)
      .toString(16)
      .padStart(10, '0')}`;
  const disk = new LastingDisk({ ...options, isid });
  await disk.open();
  return disk;
}

class LastingDisk implements Disk {
  sizeBytes = 0;
  reconnects = 0;
  readonly #options: DiskOptions;
  readonly #listeners: (() => void)[] = [];
  #session: Initiator | undefined;
  #opening: Promise<Initiator> | undefined;
  #closed = false;
  #prober: NodeJS.Timeout | undefined;

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.#login();
    const silenceMsMax = this.#options.silenceMsMax ?? 10_000;
    this.#prober = setInterval(() => this.#probe(silenceMsMax), silenceMsMax / 2);
  }

  read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    return this.#lasting((session) => session.read(offsetBytes, lengthBytes));
  }
  write(offsetBytes: number, data: Uint8Array, options?: { readonly fua?: boolean }): Promise<void> {
    return this.#lasting((session) => session.write(offsetBytes, data, options));
  }
  flush(): Promise<void> {
    return this.#lasting((session) => session.flush());
  }
  unmap(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#lasting((session) => session.unmap(offsetBytes, lengthBytes));
  }
  onReconnect(listener: () => void): void {
    this.#listeners.push(listener);
  }
  cut(): void {
    this.#session?.cut();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#prober);
    const session = this.#session;
    if (session === undefined) return;
    const timer = setTimeout(() => session.cut('no answer to the logout'), 2_000);
    await session.logout().catch((error: unknown) => {
      if (!(error instanceof SessionLost)) throw error;
    });
    clearTimeout(timer);
  }

  async #login(): Promise<Initiator> {
    const session = await login(this.#options);
    try {
      this.sizeBytes = (await session.capacity()).sizeBytes;
    } catch (error) {
      session.cut('no capacity');
      throw error;
    }
    this.#session = session;
    void session.closed.then(() => {
      if (this.#session === session) this.#session = undefined;
    });
    return session;
  }

  /** Does `request` until it succeeds, fails for good, or the time is over. */
  async #lasting<T>(request: (session: Initiator) => Promise<T>): Promise<T> {
    const deadlineMs = performance.now() + (this.#options.recoverMsMax ?? 60_000);
    for (;;) {
      try {
        return await request(this.#session ?? (await this.#reopen(deadlineMs)));
      } catch (error) {
        if (this.#closed || !this.#mayRepeat(error) || performance.now() > deadlineMs) throw error;
      }
      await sleep(this.#options.retryDelayMs ?? 100);
    }
  }

  #mayRepeat(error: unknown): boolean {
    if (error instanceof ScsiError) return error.status === busy || error.status === taskSetFull;
    return error instanceof SessionLost && this.#options.resend !== false;
  }

  /** One login for all requests that wait for it. */
  #reopen(deadlineMs: number): Promise<Initiator> {
    this.#opening ??= this.#tryLogins(deadlineMs).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #tryLogins(deadlineMs: number): Promise<Initiator> {
    for (;;) {
      try {
        const session = await this.#login();
        this.reconnects += 1;
        for (const listener of this.#listeners) listener();
        return session;
      } catch (error) {
        // Nobody there, or not yet willing to serve: both pass, within the time that there is.
        if (this.#closed || performance.now() > deadlineMs) throw describe(error);
      }
      await sleep(this.#options.retryDelayMs ?? 100);
    }
  }

  #probe(silenceMsMax: number): void {
    const session = this.#session;
    if (session === undefined) return;
    const timer = setTimeout(() => session.cut(`silent for ${silenceMsMax} ms`), silenceMsMax / 2);
    void session
      .nop()
      .catch(() => undefined) // lost: whoever waits for an answer hears of it
      .finally(() => clearTimeout(timer));
  }
}

function describe(error: unknown): Error {
  if (error instanceof LoginError) return error;
  return new Error(`could not log in again: ${error instanceof Error ? error.message : String(error)}`);
}
