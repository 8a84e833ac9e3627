/** One socket ⇄ one session: bytes in, effects out, commands to the logical unit and their outcomes back. */
import type { Socket } from 'node:net';
import type { Log } from '../shared/log.ts';
import { PduDecoder } from './iscsi/decoder.ts';
import type { Crc32c } from './iscsi/digest.ts';
import { PduEncoder } from './iscsi/encoder.ts';
import { ProtocolError } from './iscsi/errors.ts';
import { receiveSegmentBytesMax } from './iscsi/login-keys.ts';
import { bhsBytes, initiatorPdu } from './iscsi/pdu.ts';
import type { LoginResult } from './iscsi/login.ts';
import { Session } from './iscsi/session.ts';
import type { ManagementRequest, SessionConfig, SessionEffect } from './iscsi/session-events.ts';
import type { Task, TaskOutcome } from './iscsi/task.ts';
import type { LogicalUnit } from './scsi/logical-unit.ts';
import type { Nexus } from './scsi/nexus.ts';
import type { Admission } from './server-admission.ts';
import { ExpressLane } from './server-express.ts';
import type { ByteReader } from '../shared/edge/socket-input.ts';
import type { ServerLimits } from './server-limits.ts';
import { Outbox } from './server-outbox.ts';
import type { TargetCounters } from './server-counters.ts';

/** What a connection needs of the server that it belongs to. */
export interface ConnectionHost {
  readonly unit: LogicalUnit;
  readonly admission: Admission;
  readonly limits: ServerLimits;
  readonly crc32c: Crc32c;
  readonly counters: TargetCounters;
  readonly log: Log;
  readonly mayAnswer: () => boolean;
  onHeld(connection: Connection): void;
  /** Ends sessions that this one replaces; answers what must be over before its first command runs. */
  onLoggedIn(connection: Connection, result: LoginResult): Promise<unknown> | undefined;
  onManage(connection: Connection, request: ManagementRequest): void;
  onClosed(connection: Connection): void;
}

interface Queued {
  readonly task: Task;
  readonly data: Uint8Array;
}

/** A closed connection's socket is destroyed after this, whether the peer has read the last answer or not. */
const lingerMs = 2_000;
const noOutcome: TaskOutcome = { status: 0, transferBytes: 0 };

export class Connection implements ByteReader {
  readonly peer: string;
  readonly outbox: Outbox;
  /** Settles when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #session: Session;
  readonly #decoder: PduDecoder;
  readonly #encoder: PduEncoder;
  readonly #express: ExpressLane;
  readonly #queue: Queued[] = [];
  readonly #running = new Map<Task, Promise<void>>();
  readonly #pump = () => this.#startQueued();
  #login: LoginResult | undefined;
  #nexus: Nexus | undefined;
  #nowMs = 0;
  #held = false;
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
    const { unit, admission, counters } = host;
    this.#express = new ExpressLane({
      session: this.#session,
      outbox: this.outbox,
      unit,
      admission,
      counters,
      crc32c,
      apply: (effects) => this.#apply(effects),
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

  /** Undefined in a discovery session, and before the login is over. */
  get nexus(): Nexus | undefined {
    return this.#nexus;
  }

  /** Not logged in yet, or at its end: nobody loses anything by it. */
  get isExpendable(): boolean {
    return this.#login === undefined || this.#closing;
  }

  /** No command of it runs or waits to run. */
  get isIdle(): boolean {
    return this.#running.size === 0 && this.#queue.length === 0 && this.#express.isIdle;
  }

  receive(buffer: Uint8Array, view: DataView, from: number, to: number): number {
    if (this.#closing) return to;
    this.#nowMs = performance.now();
    this.#session.heard(this.#nowMs);
    this.outbox.hold();
    let at = from;
    while (to - at >= bhsBytes && !this.#isClosing()) {
      const bytes = this.#decoder.lengthAt(view, at);
      if (to - at < bytes) break;
      if (!this.#takesExpress(buffer, view, at)) this.#decode(buffer.subarray(at, at + bytes));
      at += bytes;
    }
    this.outbox.release();
    if (this.outbox.unsentBytes > this.#host.limits.unsentBytesMax) this.#socket.pause();
    return this.#isClosing() ? to : at;
  }

  #isClosing(): boolean {
    return this.#closing;
  }

  #takesExpress(buffer: Uint8Array, view: DataView, at: number): boolean {
    const nexus = this.#nexus;
    const isCommand = view.getUint8(at) === initiatorPdu.scsiCommand.opcode;
    if (!isCommand || nexus === undefined || this.#held || this.#queue.length > 0) return false;
    if (this.outbox.unsentBytes > this.#host.limits.unsentBytesMax) return false;
    return this.#express.take(nexus, buffer, view, at);
  }

  /** One PDU, or as much of one as shows that it can not be. */
  #decode(bytes: Uint8Array): void {
    try {
      for (const pdu of this.#decoder.push(bytes))
        this.#apply(this.#session.step({ type: 'pdu', pdu, nowMs: this.#nowMs }));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#apply(this.#session.fail(error));
    }
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

  /** Somebody else's reset. The answer settles when none of the tasks on `lun` (undefined: all) runs any more. */
  abortTasks(lun: number | undefined): Promise<unknown> {
    const ends = this.#express.ends();
    const running = [...this.#running.entries()].filter(([task]) => lun === undefined || task.lun === lun);
    this.#apply(this.#session.step({ type: 'abortTasks', lun }));
    this.#dropAborted();
    const plain = lun === undefined || lun === 0 ? ends : [];
    return Promise.all([...running.map(([, end]) => end), ...plain]);
  }

  /** Settles when none of these tasks runs any more; those that only wait are dropped. */
  finished(tasks: readonly Task[]): Promise<unknown> {
    this.#dropAborted();
    return Promise.all(tasks.flatMap((task) => this.#running.get(task) ?? this.#express.endOf(task) ?? []));
  }

  /** Settles when nothing of this session runs any more. */
  idle(): Promise<unknown> {
    return Promise.all([...this.#running.values(), ...this.#express.ends()]);
  }

  managed(request: ManagementRequest): void {
    this.#apply(this.#session.step({ type: 'managed', request }));
  }

  #apply(effects: readonly SessionEffect[]): void {
    if (this.#closed) return;
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
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
          this.#queue.push({ task: effect.task, data: effect.data });
          break;
        case 'manage':
          this.#host.onManage(this, effect.request);
          break;
        case 'close':
          this.#onSessionEnd(effect.why);
          break;
      }
    }
    if (this.#queue.length > 0) this.#startQueued();
  }

  #onLoggedIn(result: LoginResult): void {
    this.#login = result;
    const { initiator, isid, discovery } = result.identity;
    const before = this.#host.onLoggedIn(this, result);
    if (!discovery) this.#nexus = this.#host.unit.attach(`${initiator},i,0x${isid}`);
    this.#log('session begins', { tsih: result.tsih, discovery });
    if (before === undefined) return;
    this.#held = true;
    void before.then(() => {
      this.#held = false;
      this.#startQueued();
    });
  }

  #startQueued(): void {
    const { admission, limits } = this.#host;
    while (this.#queue.length > 0 && !this.#held && !this.#closed) {
      const next = this.#queue[0];
      if (next === undefined || this.outbox.unsentBytes > limits.unsentBytesMax) return;
      const bytes = Math.max(next.data.byteLength, next.task.read ? next.task.expectedBytes : 0);
      if (!admission.enter(bytes, this.#running.size === 0 && this.#express.isIdle, this.#pump)) return;
      this.#queue.shift();
      this.#start(next, bytes);
    }
  }

  #start({ task, data }: Queued, bytes: number): void {
    const { unit, admission, counters } = this.#host;
    const nexus = this.#nexus;
    if (nexus === undefined) return;
    counters.count(task.cdb[0] ?? 0, task.read ? task.expectedBytes : data.byteLength);
    const { lun, cdb, attribute, expectedBytes } = task;
    const isAborted = () => this.#session.isAborted(task);
    const roomBytes = task.read ? expectedBytes : 0;
    const request = { lun, cdb, attribute, dataOut: data, roomBytes, isAborted };
    const end = unit.execute(nexus, request).then((outcome) => {
      this.#running.delete(task);
      admission.leave(bytes);
      if (!this.#closing && !this.#closed && !isAborted()) outcome.answered?.();
      this.#apply(this.#session.step({ type: 'done', task, outcome }));
    });
    this.#running.set(task, end);
  }

  /** Out of the queue with all of them first: the end of one lets those behind it start. */
  #dropAborted(): void {
    const waiting = this.#queue.splice(0);
    const isAborted = ({ task }: Queued) => this.#session.isAborted(task);
    this.#queue.push(...waiting.filter((queued) => !isAborted(queued)));
    for (const { task } of waiting.filter(isAborted))
      this.#apply(this.#session.step({ type: 'done', task, outcome: noOutcome }));
  }

  #onSent(): void {
    if (this.#socket.isPaused() && this.outbox.unsentBytes <= this.#host.limits.unsentBytesMax)
      this.#socket.resume();
    this.#startQueued();
  }

  #onSessionEnd(why: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#express.close();
    this.#queue.length = 0;
    this.#log('session ended', { why });
    this.outbox.end();
    setTimeout(() => this.#socket.destroy(), lingerMs).unref();
  }

  #onClose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#express.close();
    this.#queue.length = 0;
    if (!this.#closing) this.#log('session ended', { why: 'connection closed' });
    if (this.#nexus !== undefined) this.#host.unit.detach(this.#nexus);
    this.#host.onClosed(this);
  }

  #log(message: string, fields: Readonly<Record<string, unknown>>): void {
    const { initiator, isid } = this.#login?.identity ?? {};
    this.#host.log.info(message, { initiator, isid, peer: this.peer, ...fields });
  }
}
