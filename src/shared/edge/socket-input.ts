/**
 * Reading from a socket into one buffer that is used again and again, in which messages lie whole: no fresh buffer per read,
 * no copy per message. Node offers this (`onread`) for sockets that it dials; an accepted one is adopted by a second object
 * around its handle. Where a Node does not have that handle, 'data' events are copied into the same buffer.
 */
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import { assert } from '../assert.ts';

/** Holds the longest message that a reader waits for, and whatever came before it in one read. */
export const inputBytes = 524_288;
/** With less room than this behind what waits, it is moved to the front. */
const roomBytesMin = 65_536;

export interface ByteReader {
  /**
   * Looks at buffer[from, to) and answers how far it is through: what is behind that comes again with what follows it, at
   * another place perhaps. What was handed out of the buffer is valid during the call only.
   */
  receive(buffer: Uint8Array, view: DataView, from: number, to: number): number;
}

class InputBuffer {
  readonly #buffer: Uint8Array;
  readonly #view: DataView;
  #from = 0;
  #to = 0;

  constructor(buffer: Uint8Array = Buffer.allocUnsafeSlow(inputBytes)) {
    assert(buffer.byteLength === inputBytes, 'room for what a reader waits for');
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, inputBytes);
  }

  /** Where the next bytes go. */
  room(): Uint8Array {
    if (inputBytes - this.#to < roomBytesMin) {
      this.#buffer.copyWithin(0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
    }
    assert(this.#to < inputBytes, 'a reader that waits for more than the buffer holds');
    return this.#buffer.subarray(this.#to);
  }

  /** So many came. */
  filled(bytes: number, reader: ByteReader): void {
    this.#to += bytes;
    this.#from = reader.receive(this.#buffer, this.#view, this.#from, this.#to);
    if (this.#from === this.#to) this.#from = this.#to = 0;
  }
}

/** For `connect`: what is read goes to `reader`. `buffer`: of `inputBytes`, to be used until the socket is closed. */
export const readerOptions = (reader: ByteReader, buffer?: Uint8Array): OnReadOpts =>
  onreadOf(new InputBuffer(buffer), reader);

const onreadOf = (input: InputBuffer, reader: ByteReader): OnReadOpts => ({
  buffer: () => input.room(),
  callback: (bytes) => {
    input.filled(bytes, reader);
    return true;
  },
});

/** `accepted` must come from a server with `pauseOnConnect`; `buffer`: of `inputBytes`, to be used until it is closed. */
export function readInto(accepted: Socket, reader: ByteReader, buffer?: Uint8Array): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (typeof handle !== 'object' || handle === null) return readEvents(accepted, reader, buffer);
  const input = new InputBuffer(buffer);
  const onread = onreadOf(input, reader);
  // `handle` is not in the documented options; it has been there since Node 0.x and is what cluster workers use.
  const socket = new Socket({ handle, onread } as SocketConstructorOpts);
  // Its server counts the first object: it is over when the second one is.
  Reflect.set(accepted, '_handle', null);
  socket.once('close', () => accepted.destroy());
  return socket;
}

/** Any socket, from now on: what it reads is copied. */
export function readEvents(socket: Socket, reader: ByteReader, buffer?: Uint8Array): Socket {
  const input = new InputBuffer(buffer);
  socket.on('data', (chunk: Uint8Array) => {
    for (let at = 0; at < chunk.byteLength;) {
      const room = input.room();
      const bytes = Math.min(room.byteLength, chunk.byteLength - at);
      room.set(chunk.subarray(at, at + bytes));
      input.filled(bytes, reader);
      at += bytes;
    }
  });
  return socket.resume();
}
