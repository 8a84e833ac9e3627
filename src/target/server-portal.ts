/**
 * What concerns more than one session of a target: admission, reinstatement, resets, the lease check before answers, news
 * that everybody is told, the end of all.
 */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { untilBeatMs } from '../shared/beats.ts';
import { formatEndpoint } from '../shared/edge/endpoint.ts';
import type { Log } from '../shared/log.ts';
import type { LoginResult } from './iscsi/login.ts';
import type { ManagementRequest, SessionConfig } from './iscsi/session-events.ts';
import { LogicalUnit } from './scsi/logical-unit.ts';
import type { Nexus } from './scsi/nexus.ts';
import { Admission } from './server-admission.ts';
import { Connection } from './server-connection.ts';
import type { ConnectionHost } from './server-connection-host.ts';
import { TargetCounters } from './server-counters.ts';
import { withinMs } from './server-deadline.ts';
import { openCrc32c } from './server-digest.ts';
import { readInto } from '../shared/edge/socket-input.ts';
import { HeldAnswers } from './server-held-answers.ts';
import { Leftovers } from './server-leftovers.ts';
import { defaultServerLimits, type ServerLimits } from './server-limits.ts';
import type { PortalOptions, SessionInfo } from './server-options.ts';
import { Resizes } from './server-resizes.ts';
import { Sessions } from './server-sessions.ts';

/** What is looked at lasts 5 s and more; an idle volume wakes for nothing else as often. */
const tickMs = 2_000;
/** A tick so late finds initiators silent who are not. */
const stallMs = 2 * tickMs;
/** How long the last answers may take when the target stops. */
const farewellMs = 1_000;
export class Portal implements ConnectionHost {
  readonly unit: LogicalUnit;
  readonly admission: Admission;
  readonly limits: ServerLimits;
  readonly crc32c = openCrc32c();
  readonly counters = new TargetCounters();
  readonly log: Log;
  readonly mayAnswer: () => boolean;
  readonly #options: PortalOptions;
  readonly #connections = new Set<Connection>();
  readonly #sessions: Sessions;
  readonly #leftovers = new Leftovers();
  readonly #held = new HeldAnswers();
  readonly #listeners = new Set<() => void>();
  #ticker: NodeJS.Timeout;
  readonly #resizes: Resizes;
  #tickedAtMs = performance.now();
  #stopping = false;

  constructor(options: PortalOptions) {
    this.#options = options;
    this.limits = { ...defaultServerLimits, ...options.limits };
    this.unit = new LogicalUnit(options.volume, options.iqn, (nexus) => this.#endTasksOf(nexus));
    this.#sessions = new Sessions(this.#connections, {
      mayLogin: options.mayLogin,
      sessionsMax: this.limits.sessionsMax,
    });
    this.admission = new Admission(this.limits.runningBytesMax);
    this.log = options.log;
    this.#resizes = new Resizes(options.volume);
    this.mayAnswer = options.mayAnswer ?? (() => true);
    this.#ticker = this.#tickLater();
  }

  sessions(): readonly SessionInfo[] {
    return this.#sessions.list();
  }

  endSessionsOf(predicate: (initiator: string) => boolean): number {
    const concerned = this.#sessions.of(predicate);
    for (const connection of concerned) connection.cut('the initiator may no longer be logged in');
    return concerned.length;
  }

  #endTasksOf(nexus: Nexus): Promise<unknown> {
    const ofNexus = [...this.#connections].filter(({ queue }) => queue.nexus === nexus);
    return Promise.all(ofNexus.map(({ queue }) => queue.abort(undefined)));
  }

  onSessions(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Admits nobody any more, asks for logouts, lets running commands end, then closes all; each for so long and no longer. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#sessions.close();
    const connections = [...this.#connections];
    for (const connection of connections) connection.askLogout(Math.ceil(this.limits.logoutMsMax / 1_000));
    await withinMs(this.limits.logoutMsMax, Promise.all(connections.map((connection) => connection.closed)));
    await withinMs(
      this.limits.stopMsMax,
      Promise.all(connections.map((connection) => connection.queue.idle())),
    );
    for (const connection of connections) connection.end('the target stops');
    await withinMs(farewellMs, Promise.all(connections.map((connection) => connection.closed)));
    for (const connection of this.#connections) connection.cut('the target stops');
    clearTimeout(this.#ticker);
    this.#held.stop();
  }

  /** Takes a connection that has just been made, paused; or refuses it by ending it. */
  accept(accepted: Socket): void {
    if (this.#connections.size >= this.limits.connectionsMax) this.#makeRoom();
    if (this.#stopping || this.#connections.size >= this.limits.connectionsMax) {
      this.log.warn('connection refused: too many; end some initiators', { peer: accepted.remoteAddress });
      accepted.destroy();
      return;
    }
    // Bytes come in later turns only, when there is a connection to take them.
    const socket = readInto(accepted, {
      receive: (buffer, view, from, to) => connection.input.receive(buffer, view, from, to),
    });
    const connection = new Connection(socket, this, this.#sessionConfig(socket));
    this.#connections.add(connection);
  }

  /** Who floods the portal with connections ends his own: the oldest that is no session goes. */
  #makeRoom(): void {
    for (const connection of this.#connections) {
      if (!connection.isExpendable) continue;
      connection.cut('too many connections');
      return;
    }
  }

  #sessionConfig(socket: Socket): SessionConfig {
    const { iqn, chap, advertise, movedTo } = this.#options;
    const host = (socket.localAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    const here = formatEndpoint({ kind: 'tcp', host, port: socket.localPort ?? 0 });
    return {
      iqn,
      chap,
      movedTo,
      random: randomBytes,
      admit: (...login) => this.#sessions.admit(...login),
      advertised: { iqn, address: advertise ?? here },
      hasLun: (lun) => lun === 0,
      limits: this.limits,
    };
  }

  onLoggedIn(connection: Connection, { identity }: LoginResult): Promise<unknown> | undefined {
    // Session reinstatement (RFC 7143 §6.3.5): the new one takes the place of the old one.
    for (const other of this.#sessions.like(identity))
      if (other !== connection) other.cut('replaced by a new login');
    this.#tellListeners();
    return this.#leftovers.of(identity.initiator);
  }

  onManage(connection: Connection, request: ManagementRequest): void {
    this.#options.hurry?.();
    const { reach, resets, disconnects } = request.function;
    const ends = [connection.queue.finished(request.running)];
    const others = [...this.#connections].filter((other) => other !== connection);
    const cleared = others.filter(({ queue }) => !queue.isIdle);
    if (reach === 'unit' || reach === 'target') {
      const lun = reach === 'unit' ? request.lun : undefined;
      for (const other of others) ends.push(other.queue.abort(lun));
    }
    if (resets) this.unit.reset();
    else if (reach === 'unit') for (const { queue } of cleared) queue.nexus?.warn('commandsCleared');
    this.log.info(request.function.name, { initiator: connection.login?.identity.initiator });
    void Promise.all(ends).then(() => {
      connection.managed(request);
      if (disconnects) for (const other of others) other.cut(request.function.name);
    });
  }

  onHeld({ outbox }: Connection): void {
    this.#held.add(outbox);
  }

  onClosed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#held.delete(connection.outbox);
    const initiator = connection.login?.identity.initiator;
    if (initiator === undefined) return;
    this.#leftovers.add(initiator, connection.queue.idle());
    this.#tellListeners();
  }

  #tellListeners(): void {
    for (const listener of this.#listeners) listener();
  }

  #tickLater(): NodeJS.Timeout {
    return setTimeout(() => this.#tick(), untilBeatMs(performance.now(), tickMs)).unref();
  }

  #tick(): void {
    this.#ticker = this.#tickLater();
    const nowMs = performance.now();
    const asleep = nowMs - this.#tickedAtMs > stallMs;
    this.#tickedAtMs = nowMs;
    // After a pause of the whole process what initiators said meanwhile has yet to be read: their silence is ours.
    if (asleep) return;
    for (const connection of this.#connections) connection.tick(nowMs);
    const news = this.#resizes.news();
    if (news !== undefined) for (const connection of this.#connections) connection.tellUnitEvent(news);
  }
}
