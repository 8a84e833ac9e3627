/** A TCP connection that carries PDUs: one writer, replies by opcode during login, all of them afterwards to a listener. */
import { connect, type Socket } from 'node:net';
import { frame, Reader, type Digests, type Header, type Pdu } from './wire.ts';

export class Connection {
  /** Settles with the reason when the connection is gone. */
  readonly closed: Promise<string>;
  cmdSn = 1;
  expStatSn = 0;
  /** Set after the login: everything that arrives. */
  onPdu: ((pdu: Pdu) => void) | undefined;
  readonly #socket: Socket;
  readonly #reader = new Reader();
  readonly #arrived: Pdu[] = [];
  readonly #timeoutMs: number;
  #wake: (() => void) | undefined;
  #why: string | undefined;
  #outgoing: Buffer[] = [];

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.cut(error.message));
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#why ??= 'the target closed the connection';
        this.#wake?.();
        resolve(this.#why);
      });
    });
  }

  static async open(portal: string, timeoutMs: number): Promise<Connection> {
    const [, host, port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(portal) ?? [];
    if (host === undefined) throw new Error(`portal ${portal} is not HOST:PORT`);
    const socket = connect({ host, port: Number(port) });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => socket.destroy(new Error(`no connection to ${portal} within ${timeoutMs} ms`)),
        timeoutMs,
      );
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve();
      });
      socket.once('close', () => clearTimeout(timer));
      socket.once('connect', () => clearTimeout(timer));
    });
    return new Connection(socket, timeoutMs);
  }

  get digests(): Digests {
    return this.#reader.digests;
  }
  set digests(digests: Digests) {
    this.#reader.digests = digests;
  }

  /** Sends a PDU; ExpStatSN is filled in. Several in one turn go out together. */
  send(header: Header, data: Uint8Array = new Uint8Array(0)): void {
    header.u32(28, this.expStatSn);
    this.sendBytes(frame(header, data, this.#reader.digests));
  }

  /** Sends bytes as they are: for tests of broken PDUs. */
  sendBytes(bytes: Buffer): void {
    this.#outgoing.push(bytes);
    if (this.#outgoing.length > 1) return;
    setImmediate(() => {
      const batch = this.#outgoing;
      this.#outgoing = [];
      if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(batch));
    });
  }

  /** The next PDU, which must have this opcode. */
  async receive(opcode: number): Promise<Pdu> {
    const timer = setTimeout(() => this.cut(`no answer within ${this.#timeoutMs} ms`), this.#timeoutMs);
    while (this.#arrived.length === 0 && this.#why === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    clearTimeout(timer);
    const pdu = this.#arrived.shift();
    if (pdu === undefined) throw new Error(this.#why ?? 'closed');
    if (pdu.opcode !== opcode)
      throw new Error(`opcode 0x${pdu.opcode.toString(16)} instead of 0x${opcode.toString(16)}`);
    return pdu;
  }

  /** Reads nothing more, so that the target can not get rid of its answers. */
  pause(): void {
    this.#socket.pause();
  }

  cut(why: string): void {
    this.#why ??= why;
    this.#socket.destroy();
  }

  #receive(chunk: Uint8Array): void {
    let pdus: readonly Pdu[];
    try {
      pdus = this.#reader.push(chunk);
    } catch (error) {
      this.cut(error instanceof Error ? error.message : String(error));
      return;
    }
    for (const pdu of pdus) {
      // StatSN of PDUs that carry a status: the next expected one is one more.
      const withStatus = pdu.opcode !== 0x31 && (pdu.opcode !== 0x25 || (pdu.flags & 1) !== 0);
      const ping = pdu.opcode === 0x20 && pdu.view.getUint32(16) === 0xffff_ffff;
      if (withStatus && !ping) this.expStatSn = (pdu.view.getUint32(24) + 1) >>> 0;
      if (this.onPdu !== undefined) this.onPdu(pdu);
      else this.#arrived.push(pdu);
    }
    this.#wake?.();
  }
}
