/** Writes to a socket, gathered: what is written in one turn goes to the kernel in one call. */
import type { Socket } from 'node:net';

export class SocketSink {
  readonly #socket: Socket;
  #parts: Uint8Array[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  write(parts: readonly Uint8Array[]): void {
    if (this.#parts.length === 0) queueMicrotask(() => this.#flush());
    for (const part of parts) if (part.byteLength > 0) this.#parts.push(part);
  }

  end(): void {
    this.#flush();
    this.#socket.end();
    // A peer that does not close its side would keep the socket for ever.
    this.#socket.setTimeout(lingerMs, () => this.#socket.destroy());
  }

  destroy(): void {
    this.#parts = [];
    this.#socket.destroy();
  }

  #flush(): void {
    const parts = this.#parts;
    this.#parts = [];
    if (parts.length === 0 || !this.#socket.writable) return;
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.uncork();
  }
}

const lingerMs = 2_000;
