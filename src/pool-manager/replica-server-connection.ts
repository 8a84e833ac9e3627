/** An accepted connection, until it is known whose it is and afterwards: bytes and time for a Dialogue of our side. */
import { randomBytes } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Dialogue } from '../replication/dialogue.ts';
import { Listener, type Admission, type Agreement, type Subject } from '../replication/handshake.ts';
import type { Refusals } from '../replication/refusals.ts';
import type { Timing } from '../replication/timing.ts';
import type { Frame } from '../replication/wire.ts';
import type { Clock } from '../shared/clock.ts';
import type { LinkTls } from '../shared/edge/link-tls.ts';
import { type ByteReader, inputBytes, readEvents, readInto } from '../shared/edge/socket-input.ts';
import { SocketSink } from '../shared/edge/socket-sink.ts';
import { giveHashed, takeHashed } from '../shared/hashed-memory.ts';

export interface Peer {
  readonly subject: Subject;
  send(frame: Frame): void;
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
  /** Whose server it is; undefined: a plain one. */
  readonly tls: LinkTls | undefined;
}

/** Connections that have not proved who they are: strangers can not take up more. */
const strangersMax = 64;
const tickMs = 1_000;

type Proved = Agreement & { readonly subject: Subject };

/** A plain server has to pause what it accepts (`pauseOnConnect`); one for TLS is of shared/edge/link-tls.ts. */
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
  if (options.tls) return acceptSecure(server, options.tls, options, enter);
  server.on('connection', (accepted) => {
    const leave = enter();
    if (leave) accept(accepted, undefined, options, leave);
    else accepted.destroy();
  });
}

/** A connection counts as a stranger's from its first byte on: in the handshake of TLS and in ours. */
function acceptSecure(
  server: Server,
  tls: LinkTls,
  options: AcceptOptions,
  enter: () => (() => void) | undefined,
): void {
  const shaking: (() => void)[] = [];
  server.on('connection', (raw: Socket) => {
    const leave = enter();
    if (leave) shaking.push(leave);
    else raw.destroy();
  });
  // Of each connection one of these two is told; which one's count it takes makes no difference.
  server.on('secureConnection', (socket: TLSSocket) => {
    const leave = shaking.pop() ?? (() => undefined);
    const binding = tls.bindingOf(socket);
    if (binding) return accept(socket, binding, options, leave);
    options.refusals.note('tls');
    leave();
    socket.destroy();
  });
  server.on('tlsClientError', () => {
    options.refusals.note('tls');
    shaking.pop()?.();
  });
}

function accept(
  accepted: Socket,
  binding: Uint8Array | undefined,
  options: AcceptOptions,
  onKnown: () => void,
): void {
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
  const read = binding === undefined ? readInto : readEvents;
  const socket = read(accepted, { receive }, memory);
  let handler: PeerHandler | undefined;
  let cancelTick: () => void = () => undefined;
  const gone = (reason: string) => {
    onKnown();
    cancelTick();
    handler?.closed(reason);
    handler = undefined;
  };
  const dialogue = new Dialogue<Proved>({
    sink: new SocketSink(socket),
    handshake: new Listener({ keyFor, admit, challenge: randomBytes(32), binding }),
    timing,
    nowMs,
    onOpen: ({ subject }) => {
      onKnown();
      handler = options.open({
        subject,
        send: (frame) => dialogue.send(frame),
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
    cancelTick();
    dialogue.lost('the target closed the connection');
    if (memory !== undefined) giveHashed(memory);
  });
  const tick = () => {
    cancelTick = clock.after(tickMs, tick);
    dialogue.tick(clock.nowMs());
  };
  cancelTick = clock.after(tickMs, tick);
}
