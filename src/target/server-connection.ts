/** One socket ⇄ one session: bytes in, effects out, commands to the logical unit and their outcomes back. */
import type { Socket } from 'node:net';
import { PduDecoder } from './iscsi/decoder.ts';
import { PduEncoder } from './iscsi/encoder.ts';
import { receiveSegmentBytesMax } from './iscsi/login-keys.ts';
import type { LoginResult } from './iscsi/login.ts';
import { Session } from './iscsi/session.ts';
import type { ManagementRequest, SessionConfig, SessionEffect } from './iscsi/session-events.ts';
import { CommandQueue } from './server-command-queue.ts';
import type { ConnectionHost } from './server-connection-host.ts';
import { ExpressLane } from './server-express.ts';
import { ConnectionInput } from './server-input.ts';
import { Outbox } from './server-outbox.ts';

/** A closed connection's socket is destroyed after this, whether the peer has read the last answer or not. */
const lingerMs = 2_000;

export class Connection {
  readonly peer: string;
  /** What is read goes here. */
  readonly input: ConnectionInput;
  readonly queue: CommandQueue;
  readonly outbox: Outbox;
  /** Settles when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #session: Session;
  readonly #decoder: PduDecoder;
  readonly #encoder: PduEncoder;
  readonly #express: ExpressLane;
  #login: LoginResult | undefined;
  #loggedInAtMs = 0;
  #closed = false;
  #closing = false;

  constructor(socket: Socket, host: ConnectionHost, config: SessionConfig) {
    this.#socket = socket;
    this.#host = host;
    this.peer = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
    const { crc32c, mayAnswer } = host;
    this.#session = new Session(config, performance.now());
    this.#decoder = new PduDecoder({ dataSegmentBytesMax: receiveSegmentBytesMax, crc32c });
    this.#encoder = new PduEncoder({ crc32c });
    this.outbox = new Outbox(socket, {
      mayAnswer,
      onHeld: () => host.onHeld(this),
      onEmpty: () => this.#onSent(),
    });
    const { unit, admission, counters, limits } = host;
    const apply = (effects: readonly SessionEffect[]) => this.#apply(effects);
    const shared = { session: this.#session, outbox: this.outbox, unit, admission, counters, apply };
    this.#express = new ExpressLane({ ...shared, crc32c });
    this.queue = new CommandQueue({ ...shared, express: this.#express, limits });
    this.input = new ConnectionInput({
      ...shared,
      socket,
      decoder: this.#decoder,
      express: this.#express,
      queue: this.queue,
      unsentBytesMax: limits.unsentBytesMax,
    });
    socket.setNoDelay(true);
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve());
    });
    socket.on('close', () => this.#onClose());
    // 'close' follows and does what is to be done; the reason is only of interest to somebody who looks for it.
    socket.on('error', (error) =>
      host.log.debug('initiator connection', { peer: this.peer, error: error.message }),
    );
  }

  /** Undefined before the login is over. */
  get login(): LoginResult | undefined {
    return this.#login;
  }

  get loggedInAtMs(): number {
    return this.#loggedInAtMs;
  }

  /** Not logged in yet, or at its end: nobody loses anything by it. */
  get isExpendable(): boolean {
    return this.#login === undefined || this.#closing;
  }

  tick(nowMs: number): void {
    this.#apply(this.#session.step({ type: 'tick', nowMs }));
    const { heldSinceMs } = this.outbox;
    if (heldSinceMs !== undefined && nowMs - heldSinceMs > this.#host.limits.heldMsMax)
      this.cut('answers were held back too long');
  }

  /** Ends the session now; what was not sent is not sent. */
  cut(why: string): void {
    if (this.#closed) return;
    if (!this.#closing) this.#log('session ended', { why });
    this.#closing = true;
    this.#socket.destroy();
    this.#onClose();
  }

  /** Sends what there is, then ends the session. */
  end(why: string): void {
    this.#apply([{ type: 'close', why }]);
  }

  /** Asks the initiator to log out, which it need not do. */
  askLogout(seconds: number): void {
    this.#apply(this.#session.step({ type: 'askLogout', seconds }));
  }

  /** Tells the initiator of something that concerns the unit. */
  tellUnitEvent(sense: Uint8Array): void {
    this.#apply(this.#session.step({ type: 'unitEvent', sense }));
  }

  managed(request: ManagementRequest): void {
    this.#apply(this.#session.step({ type: 'managed', request }));
  }

  #apply(effects: readonly SessionEffect[]): void {
    if (this.#closed) return;
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          if (effect.pdu.kind === 'loginResponse') this.#host.counters.countLogin(effect.pdu);
          this.outbox.add(this.#encoder.encode(effect.pdu), effect.leased);
          break;
        case 'digests':
          this.#encoder.digests = effect.digests;
          this.#decoder.digests = effect.digests;
          this.#express.digests = effect.digests;
          break;
        case 'loggedIn':
          this.#onLoggedIn(effect.result);
          break;
        case 'run':
          this.queue.add(effect.task, effect.data);
          break;
        case 'manage':
          this.#host.onManage(this, effect.request);
          break;
        case 'close':
          this.#onSessionEnd(effect.why);
          break;
      }
    }
    this.queue.startWaiting();
  }

  #onLoggedIn(result: LoginResult): void {
    this.#login = result;
    this.#loggedInAtMs = performance.now();
    const { initiator, isid, discovery } = result.identity;
    const before = this.#host.onLoggedIn(this, result);
    if (!discovery) this.queue.nexus = this.#host.unit.attach(`${initiator},i,0x${isid}`);
    this.#log('session begins', { tsih: result.tsih, discovery });
    if (before !== undefined) this.queue.holdUntil(before);
  }

  #onSent(): void {
    if (this.#socket.isPaused() && this.outbox.unsentBytes <= this.#host.limits.unsentBytesMax)
      this.#socket.resume();
    this.queue.startWaiting();
  }

  #onSessionEnd(why: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#express.close();
    this.input.close();
    this.queue.close();
    this.#log('session ended', { why });
    this.outbox.end();
    setTimeout(() => this.#socket.destroy(), lingerMs).unref();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#express.close();
    this.input.close();
    this.queue.close();
    if (!this.#closing) this.#log('session ended', { why: 'connection closed' });
    const { nexus } = this.queue;
    if (nexus !== undefined) this.#host.unit.detach(nexus);
    this.#host.onClosed(this);
  }

  #log(message: string, fields: Readonly<Record<string, unknown>>): void {
    const { initiator, isid } = this.#login?.identity ?? {};
    this.#host.log.info(message, { initiator, isid, peer: this.peer, ...fields });
  }
}
