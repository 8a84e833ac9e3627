/** One port for TLS and for what speaks without: they are told apart by the first byte that comes. */
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/** A handshake of TLS begins with a record of this type (RFC 8446 §5.1); no frame of ours does (replication/handshake.ts). */
const handshakeRecord = 0x16;
const firstByteMsMax = 5_000;

/** Who takes the connection, paused, with all that has come still to be read. */
export interface Takers {
  tls(): void;
  plain(): void;
}

/** Looks at what comes first on a paused connection. One that says nothing for 5 s is closed. */
export function firstByte(socket: Socket, clock: Clock, takers: Takers): void {
  const over = () => {
    cancel();
    socket.off('error', failed).off('close', over).off('data', first);
  };
  const failed = () => undefined; // 'close' follows
  const first = (bytes: Buffer) => {
    over();
    socket.pause();
    socket.unshift(bytes);
    if (bytes[0] === handshakeRecord) takers.tls();
    else takers.plain();
  };
  const cancel = clock.after(firstByteMsMax, () => {
    over();
    socket.destroy();
  });
  socket.on('error', failed).on('close', over).on('data', first);
  socket.resume();
}
