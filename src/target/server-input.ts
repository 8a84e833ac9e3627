/**
 * Reading from an accepted socket into one buffer that is used again and again, instead of a fresh one per read: half the
 * garbage of a target under load. Node offers this (`onread`) for sockets that it dials; an accepted one is adopted by a
 * second object around its handle. Where a Node does not have that handle, 'data' events do the same.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';

const bufferBytes = 262_144;

/** `accepted` must come from a server with `pauseOnConnect`. What `onBytes` gets is valid during the call only. */
export function readInto(accepted: Socket, onBytes: (chunk: Uint8Array) => void): Socket {
  const handle: unknown = Reflect.get(accepted, '_handle');
  if (typeof handle !== 'object' || handle === null) return readEvents(accepted, onBytes);
  const onread = {
    buffer: new Uint8Array(bufferBytes),
    callback: (bytes: number, buffer: Uint8Array) => {
      onBytes(buffer.subarray(0, bytes));
      return true;
    },
  };
  // `handle` is not in the documented options; it has been there since Node 0.x and is what cluster workers use.
  return new Socket({ handle, onread } as SocketConstructorOpts);
}

function readEvents(socket: Socket, onBytes: (chunk: Uint8Array) => void): Socket {
  socket.on('data', onBytes);
  return socket.resume();
}
