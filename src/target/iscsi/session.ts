/**
 * One session on its one connection (RFC 7143, error recovery level 0): events in, effects out, to be done in order.
 *
 *   login ──▶ full feature phase ──▶ ended
 *     └───────────────────────────────▲
 *
 * Whatever breaks the stream (digests, lengths, order) ends the session; the initiator logs in again and repeats what was
 * not answered. Commands that only fail end with a status.
 */
import { CommandWindow } from './command-window.ts';
import { senseSegment } from './data-in.ts';
import { ProtocolError } from './errors.ts';
import { FullFeaturePhase } from './full-feature-phase.ts';
import { Liveness } from './liveness.ts';
import type { LoginResult } from './login.ts';
import { noTag, type InitiatorPdu } from './pdu.ts';
import type { Parameters } from './login-keys.ts';
import type { SessionConfig, SessionEffect, SessionEvent } from './session-events.ts';
import { SessionLogin } from './session-login.ts';
import { SessionOutput, type AnswerNumbers } from './session-output.ts';
import type { Task } from './task.ts';

type Phase =
  | { readonly mode: 'login'; readonly login: SessionLogin }
  | { readonly mode: 'full'; readonly result: LoginResult }
  | { readonly mode: 'ended' };

/** AsyncEvent codes (§11.9.1). */
const asyncEvent = { scsi: 0, logout: 1 } as const;
const nothing = new Uint8Array(0);
const ping = { kind: 'nopIn', tag: noTag, lun: 0 } as const;

export class Session {
  readonly #config: SessionConfig;
  readonly #output: SessionOutput;
  readonly #liveness: Liveness;
  readonly #full: FullFeaturePhase;
  #phase: Phase;

  constructor(config: SessionConfig, nowMs: number) {
    this.#config = config;
    this.#output = new SessionOutput(this.#newWindow(0));
    this.#liveness = new Liveness(config.limits, nowMs);
    this.#full = new FullFeaturePhase(config, this.#output, () => this.loggedIn);
    this.#phase = { mode: 'login', login: new SessionLogin(config, this.#output) };
  }

  #newWindow(firstCmdSn: number): CommandWindow {
    return new CommandWindow({ commandsMax: this.#config.limits.commandsMax, firstCmdSn });
  }

  /** Throws ProtocolError when the stream can not be trusted any more; hand it to `fail`. */
  step(event: SessionEvent): readonly SessionEffect[] {
    if (this.#phase.mode === 'ended') return [];
    const { tasks } = this.#full;
    switch (event.type) {
      case 'pdu':
        this.#liveness.heard(event.nowMs);
        this.#onPdu(event.pdu);
        break;
      case 'done':
        tasks.done(event.task, event.outcome);
        break;
      case 'managed':
        tasks.managed(event.request);
        if (event.request.function.disconnects) this.#end('target cold reset');
        break;
      case 'abortTasks':
        tasks.abortAll(event.lun);
        break;
      case 'askLogout':
        this.#sendAsync(asyncEvent.logout, { parameter3: event.seconds });
        break;
      case 'unitEvent':
        this.#sendAsync(asyncEvent.scsi, { data: senseSegment(event.sense) });
        break;
      case 'tick':
        this.#onTick(event.nowMs);
        break;
    }
    return this.#output.take();
  }

  /** The end of a session whose stream is broken: a Reject where there is something to say, then the close. */
  fail(error: ProtocolError): readonly SessionEffect[] {
    if (this.#phase.mode === 'ended') return [];
    if (error.reason !== undefined) this.#output.reject(error.reason, error.bhs ?? nothing);
    this.#end(error.message);
    return this.#output.take();
  }

  /** Undefined before the login is over and after the end. */
  get loggedIn(): LoginResult | undefined {
    return this.#phase.mode === 'full' ? this.#phase.result : undefined;
  }

  /** It was aborted while it ran or waited to run: its outcome is still awaited, but answered to nobody. */
  isAborted(task: Task): boolean {
    return this.#full.tasks.set.isAborted(task);
  }

  // ---- plain commands, which leave the same numbers as any other (express.ts)

  /** The parameters under which plain commands may come now; undefined: none may. */
  get plainUnder(): Parameters | undefined {
    return this.#phase.mode === 'full' && !this.#phase.result.identity.discovery
      ? this.#phase.result.parameters
      : undefined;
  }

  /** Something came. */
  heard(nowMs: number): void {
    this.#liveness.heard(nowMs);
  }

  /** Takes a plain command into the window; false: it is not the next one, or its tag is in use. */
  beginPlain(cmdSn: number, tag: number): boolean {
    if (this.#full.tasks.set.has(tag)) return false;
    const { window } = this.#output;
    return cmdSn === window.expCmdSn && window.receive(cmdSn) === 'take';
  }

  /** It is not over at once: from now on it is a task like any other. */
  runPlain(task: Task): void {
    this.#full.tasks.set.run(task);
  }

  /** It was not given to `runPlain`, and is over. */
  endPlain(): void {
    this.#output.window.end();
  }

  /** It was given to `runPlain`, and is over; false: it was aborted, and nobody is answered. */
  endPlainTask(task: Task): boolean {
    this.#output.window.end();
    return this.#full.tasks.set.end(task) && this.#phase.mode === 'full';
  }

  /** The numbers of an answer with status that is sent now. */
  stampPlain(numbers: AnswerNumbers): void {
    this.#output.stamp(numbers);
  }

  /** Only a session that runs commands is told. */
  #sendAsync(
    event: number,
    { parameter3 = 0, data = nothing }: { parameter3?: number; data?: Uint8Array },
  ): void {
    if (this.loggedIn?.identity.discovery !== false) return;
    this.#output.send({ kind: 'asyncMessage', tag: noTag, event, parameter3, data });
  }

  #end(why: string): void {
    this.#phase = { mode: 'ended' };
    this.#full.tasks.set.clear();
    this.#output.add({ type: 'close', why });
  }

  #onPdu(pdu: InitiatorPdu): void {
    const phase = this.#phase;
    if (phase.mode === 'full') {
      const over = this.#full.receive(pdu, phase.result);
      if (over !== undefined) this.#end(over);
    } else if (phase.mode === 'login') this.#onLogin(pdu, phase.login);
  }

  #onLogin(pdu: InitiatorPdu, login: SessionLogin): void {
    if (pdu.kind !== 'loginRequest')
      throw new ProtocolError(`${pdu.kind} before the login was over`, undefined, pdu.bhs);
    this.#output.window = this.#newWindow(pdu.cmdSn);
    const step = login.receive(pdu);
    if (step.type === 'done') this.#phase = { mode: 'full', result: step.result };
    else if (step.type === 'refused') this.#end(step.why);
  }

  #onTick(nowMs: number): void {
    const due = this.#liveness.due(nowMs, this.#phase.mode === 'login');
    if (due === 'ping') this.#output.send({ ...ping, targetTransferTag: this.#output.makeTag() }, false);
    else if (due !== undefined) this.#end(due);
  }
}
