/** The bytes that come on one connection: cut into PDUs, which take the express lane or go through the session. */
import type { Socket } from 'node:net';
import type { ByteReader } from '../shared/edge/socket-input.ts';
import type { PduDecoder } from './iscsi/decoder.ts';
import { ProtocolError } from './iscsi/errors.ts';
import { bhsBytes, initiatorPdu } from './iscsi/pdu.ts';
import type { Session } from './iscsi/session.ts';
import type { SessionEffect } from './iscsi/session-events.ts';
import type { CommandQueue } from './server-command-queue.ts';
import type { ExpressLane } from './server-express.ts';
import type { Outbox } from './server-outbox.ts';

interface ConnectionInputOptions {
  readonly socket: Socket;
  readonly session: Session;
  readonly decoder: PduDecoder;
  readonly express: ExpressLane;
  readonly queue: CommandQueue;
  readonly outbox: Outbox;
  /** Answers that the socket has not taken: with more, nothing more is read. */
  readonly unsentBytesMax: number;
  readonly apply: (effects: readonly SessionEffect[]) => void;
}

export class ConnectionInput implements ByteReader {
  readonly #o: ConnectionInputOptions;
  #nowMs = 0;
  #closed = false;

  constructor(options: ConnectionInputOptions) {
    this.#o = options;
  }

  /** What still comes is dropped. */
  close(): void {
    this.#closed = true;
  }

  receive(buffer: Uint8Array, view: DataView, from: number, to: number): number {
    if (this.#isClosed()) return to;
    const { session, decoder, express, outbox, socket, unsentBytesMax } = this.#o;
    this.#nowMs = performance.now();
    session.heard(this.#nowMs);
    outbox.hold();
    express.hold();
    let at = from;
    while (to - at >= bhsBytes && !this.#isClosed()) {
      const bytes = decoder.lengthAt(view, at);
      if (to - at < bytes) break;
      if (!this.#takesExpress(buffer, view, at)) this.#decode(buffer.subarray(at, at + bytes));
      at += bytes;
    }
    express.release();
    outbox.release();
    if (outbox.unsentBytes > unsentBytesMax) socket.pause();
    return this.#isClosed() ? to : at;
  }

  /** A PDU may have closed it since it was last asked. */
  #isClosed(): boolean {
    return this.#closed;
  }

  #takesExpress(buffer: Uint8Array, view: DataView, at: number): boolean {
    const { queue, outbox, express, unsentBytesMax } = this.#o;
    const { nexus, isBlocked } = queue;
    const isCommand = view.getUint8(at) === initiatorPdu.scsiCommand.opcode;
    if (!isCommand || nexus === undefined || isBlocked) return false;
    if (outbox.unsentBytes > unsentBytesMax) return false;
    return express.take(nexus, buffer, view, at);
  }

  /** One PDU, or as much of one as shows that it can not be. */
  #decode(bytes: Uint8Array): void {
    const { decoder, session, apply } = this.#o;
    try {
      for (const pdu of decoder.push(bytes)) apply(session.step({ type: 'pdu', pdu, nowMs: this.#nowMs }));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      apply(session.fail(error));
    }
  }
}
