/** An accepted connection, until it is known whose it is and afterwards: bytes and time for a Dialogue of our side. */
import { randomBytes } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { Dialogue } from '../replication/dialogue.ts';
import {
  Listener,
  type Admission,
  type Agreement,
  type Speaks,
  type Subject,
} from '../replication/handshake.ts';
import type { Refusals } from '../replication/refusals.ts';
import type { Timing } from '../replication/timing.ts';
import type { Frame } from '../replication/wire.ts';
import { untilBeatMs } from '../shared/beats.ts';
import type { Clock } from '../shared/clock.ts';
import { firstByte } from '../shared/edge/first-byte.ts';
import type { LinkTls } from '../shared/edge/link-tls.ts';
import { type ByteReader, inputBytes, readEvents, readInto } from '../shared/edge/socket-input.ts';
import { SocketSink } from '../shared/edge/socket-sink.ts';
import { giveHashed, takeHashed } from '../shared/hashed-memory.ts';

export interface Peer {
  readonly subject: Subject;
  send(frame: Frame): void;
  /** A whole frame lies in bytes[from, to), where it stays until it is sent. */
  sendMade(bytes: Uint8Array, from: number, to: number): void;
  close(): void;
  /** While paused nothing more is read from the connection. */
  pause(): void;
  resume(): void;
}

/** What is done with a peer that has proved itself. */
export interface PeerHandler {
  /** The frame is valid during the call. */
  frame(frame: Frame, nowMs: number): void;
  /** All frames that arrived together, in so many bytes, have been given. */
  batchEnd(bytes: number): void;
  closed(reason: string): void;
}

export interface AcceptOptions {
  readonly clock: Clock;
  readonly timing: Timing;
  readonly keyFor: (subject: Subject) => Uint8Array;
  readonly admit: (subject: Subject) => Admission;
  readonly open: (peer: Peer) => PeerHandler;
  readonly refusals: Refusals;
  /** For tests of what another release would say. */
  readonly speaks?: Speaks | undefined;
  /** Undefined: without TLS. */
  readonly tls: LinkTls | undefined;
}

/** Connections that have not proved who they are: strangers can not take up more. */
const strangersMax = 64;
const tickMs = 2_000;
/** Of one that has not proved who it is. */
const strangerTickMs = 1_000;

type Proved = Agreement & { readonly subject: Subject };

/** `server` has to pause what it accepts (`pauseOnConnect`). */
export function acceptPeers(server: Server, options: AcceptOptions): void {
  let strangers = 0;
  const enter = (): (() => void) | undefined => {
    if (strangers >= strangersMax) {
      options.refusals.note('crowd');
      return undefined;
    }
    strangers += 1;
    let known = false;
    return () => {
      if (!known) strangers -= 1;
      known = true;
    };
  };
  server.on('connection', (accepted) => {
    const leave = enter();
    if (!leave) {
      accepted.destroy();
      return;
    }
    accepted.once('close', leave);
    if (options.tls) acceptSecure(accepted, options.tls, options, leave);
    else accept(accepted, 'plain', options, leave);
  });
}

/** A connection counts as a stranger's from its first byte on: in the handshake of TLS and in ours. */
function acceptSecure(accepted: Socket, tls: LinkTls, options: AcceptOptions, leave: () => void): void {
  const refused = () => options.refusals.note('tls');
  firstByte(accepted, options.clock, {
    tls: () =>
      tls.accept(accepted, {
        known: (socket, binding) => accept(socket, { binding }, options, leave),
        refused,
      }),
    plain: () => {
      if (tls.mode === 'prefer') return accept(accepted, 'begun', options, leave);
      refused();
      accepted.destroy();
    },
  });
}

/** What is known of a connection's bytes: nothing was read, or some wait in it, or they come out of a session of TLS. */
type Arrived = 'plain' | 'begun' | { readonly binding: Uint8Array };

function accept(accepted: Socket, arrived: Arrived, options: AcceptOptions, onKnown: () => void): void {
  const { clock, timing, keyFor, admit } = options;
  let nowMs = clock.nowMs();
  const memory = takeHashed(inputBytes);
  const receive: ByteReader['receive'] = (buffer, view, from, to) => {
    nowMs = clock.nowMs();
    const at = dialogue.receiveFrom(buffer, view, from, to, nowMs);
    handler?.batchEnd(at - from);
    return at;
  };
  // Bytes come in later turns only, when there is a dialogue to take them.
  const read = arrived === 'plain' ? readInto : readEvents;
  const socket = read(accepted, { receive }, memory);
  let handler: PeerHandler | undefined;
  let cancelTick: () => void = () => undefined;
  const gone = (reason: string) => {
    onKnown();
    cancelTick();
    handler?.closed(reason);
    handler = undefined;
  };
  const binding = typeof arrived === 'object' ? arrived.binding : undefined;
  const forget = binding === undefined ? options.tls?.onRequired(() => socket.destroy()) : undefined;
  const dialogue = new Dialogue<Proved>({
    sink: new SocketSink(socket),
    handshake: new Listener({ keyFor, admit, challenge: randomBytes(32), binding, speaks: options.speaks }),
    timing,
    nowMs,
    onOpen: ({ subject }) => {
      onKnown();
      handler = options.open({
        subject,
        send: (frame) => dialogue.send(frame),
        sendMade: (bytes, from, to) => dialogue.sendMade(bytes, from, to),
        close: () => {
          cancelTick();
          dialogue.close();
        },
        pause: () => socket.pause(),
        resume: () => socket.resume(),
      });
    },
    onFrame: (frame) => handler?.frame(frame, nowMs),
    onClosed: gone,
    onRefused: (problem) => options.refusals.note(problem),
  });
  socket.on('error', (error) => dialogue.lost(error.message));
  socket.on('close', () => {
    onKnown();
    forget?.();
    cancelTick();
    dialogue.lost('the target closed the connection');
    if (memory !== undefined) giveHashed(memory);
  });
  const tickLater = () => {
    const everyMs = handler === undefined ? strangerTickMs : tickMs;
    cancelTick = clock.after(untilBeatMs(clock.nowMs(), everyMs), () => {
      tickLater();
      dialogue.tick(clock.nowMs());
    });
  };
  tickLater();
}
