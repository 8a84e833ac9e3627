/**
 * Where blocks that a target asked for are read to: behind room for the header of the answer, so that they go to the socket
 * from there (replication/data-frame.ts).
 */
import { dataIn, noSlab, releaseRoom, takeRoom, type Room } from '../replication/write-frame.ts';

/** `data` is what lies in it. */
interface ReadRoom extends Room {
  data: Uint8Array;
}

export class ReadRooms {
  /** Whose answer is being given. */
  #shown: ReadRoom | undefined;

  take(bytes: number): ReadRoom {
    const room: ReadRoom = { slab: noSlab, at: 0, dataBytes: 0, data: nothing };
    takeRoom(room, bytes);
    room.data = dataIn(room);
    return room;
  }

  /** Calls `answer`, after which the room is another one's, but for what a socket was given of it. */
  show(room: ReadRoom, answer: () => void): void {
    this.#shown = room;
    answer();
    this.#shown = undefined;
    releaseRoom(room.slab);
  }

  /** The room of an answer that is being given; undefined: it lies elsewhere. */
  roomOf(data: Uint8Array): ReadRoom | undefined {
    return this.#shown?.data === data ? this.#shown : undefined;
  }
}

const nothing = new Uint8Array(0);
