/** What a target sends to a replica of this pool, batch by batch, while there is room for it. */
import type { TargetMessage } from '../replication/messages.ts';
import { takeTargetMessage } from '../replication/received-write.ts';
import type { VolumeStore } from './engine/volume-store.ts';
import type { Peer, PeerHandler } from './replica-server-connection.ts';
import type { ReplicaHost } from './replica-server-host.ts';

/** Bytes taken from one link before it is asked whether there is room for more. */
const roomEveryBytes = 2 ** 20;

export function serveTarget(peer: Peer, host: ReplicaHost): PeerHandler {
  const link = host.connect(peer);
  let bytes = 0;
  return {
    frame: (frame, nowMs) => host.message(link, kept(takeTargetMessage(frame)), nowMs),
    batchEnd: (batchBytes) => {
      host.endBatch();
      bytes += batchBytes;
      if (bytes < roomEveryBytes) return;
      bytes = 0;
      void pauseForRoom(peer, host.store);
    },
    closed: (reason) => host.disconnected(link, reason),
  };
}

/** Entries are taken in at once; what is not has to outlive the frame that it came in. */
export const kept = (message: TargetMessage): TargetMessage =>
  message.type === 'repair' ? { ...message, data: new Uint8Array(message.data) } : message;

/**
 * There is room nearly always, and at once: then the connection is not paused, which costs more than a read from it. Where
 * there is none not one more read is made: after a stall of this process all that a link may carry lies in the socket.
 */
async function pauseForRoom(peer: Peer, store: VolumeStore): Promise<void> {
  let isWaiting = true;
  let isPaused = !store.hasRoom;
  if (isPaused) peer.pause();
  // Room may be asked for a turn of the loop: what that has found already is read.
  else
    setImmediate(() => {
      if (isWaiting) peer.pause();
      isPaused = isWaiting;
    });
  await store.room();
  isWaiting = false;
  if (isPaused) peer.resume();
}
