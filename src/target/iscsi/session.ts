/**
 * One session on its one connection (RFC 7143, error recovery level 0): events in, effects out, to be done in order.
 *
 *   login ──▶ full feature phase ──▶ ended
 *     └───────────────────────────────▲
 *
 * Whatever breaks the stream (digests, lengths, order) ends the session; the initiator logs in again and repeats what was
 * not answered. Commands that only fail end with a status.
 */
import { must } from '../../shared/assert.ts';
import { CommandWindow, serialAdd } from './command-window.ts';
import { answerPdus, senseSegment, type UnnumberedPdu } from './data-in.ts';
import { LoginRefusal, ProtocolError, rejectReason } from './errors.ts';
import { tellsOfVolume } from './leased-answers.ts';
import { Login, type LoginReply, type LoginResult } from './login.ts';
import type { Parameters } from './login-keys.ts';
import { noTag, type InitiatorPdu, type PduOf, type TargetPdu } from './pdu.ts';
import type { ManagementRequest, SessionConfig, SessionEffect, SessionEvent } from './session-events.ts';
import { managementFunctions, managementResponse, taskReassign } from './task-management.ts';
import { TaskSet } from './task-set.ts';
import type { Task, TaskOutcome, TaskState } from './task.ts';
import { answerText } from './text.ts';
import { encodeKeys, parseKeys, TextCollector } from './text-keys.ts';
import { checkCondition, transportSense } from './transport-sense.ts';
import { WriteData } from './write-data.ts';

type Phase =
  | { readonly mode: 'login'; readonly login: Login }
  | { readonly mode: 'full'; readonly result: LoginResult }
  | { readonly mode: 'ended' };

/** AsyncEvent codes (§11.9.1). */
const asyncEvent = { scsi: 0, logout: 1 } as const;
const nothing = new Uint8Array(0);
const ping = { kind: 'nopIn', tag: noTag, lun: 0 } as const;

export class Session {
  readonly #config: SessionConfig;
  #phase: Phase;
  #effects: SessionEffect[] = [];
  #window: CommandWindow;
  #statSn = 1;
  #nextTag = 1;
  #immediateRunning = 0;
  readonly #tasks = new TaskSet();
  readonly #writeData: WriteData;
  readonly #text = new TextCollector();
  readonly #startedAtMs: number;
  #heardAtMs: number;
  #pingedAtMs: number | undefined;

  constructor(config: SessionConfig, nowMs: number) {
    this.#config = config;
    this.#phase = { mode: 'login', login: new Login(config) };
    this.#window = new CommandWindow({ commandsMax: config.limits.commandsMax, firstCmdSn: 0 });
    this.#writeData = new WriteData({
      tasks: this.#tasks,
      limits: config.limits,
      makeTag: () => this.#makeTag(),
      ask: ({ tag, lun }, request) =>
        this.#send({ kind: 'readyToTransfer', tag, lun: Math.max(lun, 0), ...request }, false),
      complete: (task, data) => this.#run(task, data),
      failed: (task, fault) =>
        this.#answer(task, { status: checkCondition, sense: transportSense(fault), transferBytes: 0 }),
    });
    this.#startedAtMs = nowMs;
    this.#heardAtMs = nowMs;
  }

  /** Throws ProtocolError when the stream can not be trusted any more; hand it to `fail`. */
  step(event: SessionEvent): readonly SessionEffect[] {
    if (this.#phase.mode === 'ended') return [];
    switch (event.type) {
      case 'pdu':
        this.#heardAtMs = event.nowMs;
        this.#pingedAtMs = undefined;
        this.#onPdu(event.pdu);
        break;
      case 'done':
        this.#onDone(event.task, event.outcome);
        break;
      case 'managed':
        this.#onManaged(event.request);
        break;
      case 'abortTasks':
        this.#abortTasks(event.lun);
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
    return this.#takeEffects();
  }

  /** The end of a session whose stream is broken: a Reject where there is something to say, then the close. */
  fail(error: ProtocolError): readonly SessionEffect[] {
    if (this.#phase.mode === 'ended') return [];
    if (error.reason !== undefined) this.#reject(error.reason, error.bhs ?? nothing);
    this.#end(error.message);
    return this.#takeEffects();
  }

  /** Undefined before the login is over and after the end. */
  get loggedIn(): LoginResult | undefined {
    return this.#phase.mode === 'full' ? this.#phase.result : undefined;
  }

  /** It was aborted while it ran or waited to run: its outcome is still awaited, but answered to nobody. */
  isAborted(task: Task): boolean {
    return this.#tasks.isAborted(task);
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
    this.#heardAtMs = nowMs;
    this.#pingedAtMs = undefined;
  }

  /** Takes a plain command into the window; false: it is not the next one, or its tag is in use. */
  beginPlain(cmdSn: number, tag: number): boolean {
    if (this.#tasks.has(tag)) return false;
    return cmdSn === this.#window.expCmdSn && this.#window.receive(cmdSn) === 'take';
  }

  /** It is not over at once: from now on it is a task like any other. */
  runPlain(task: Task): void {
    this.#tasks.run(task);
  }

  /** It was not given to `runPlain`, and is over. */
  endPlain(): void {
    this.#window.end();
  }

  /** It was given to `runPlain`, and is over; false: it was aborted, and nobody is answered. */
  endPlainTask(task: Task): boolean {
    this.#window.end();
    return this.#tasks.end(task) && this.#phase.mode === 'full';
  }

  /** The numbers of an answer with status that is sent now. */
  stampPlain(numbers: { statSn: number; expCmdSn: number; maxCmdSn: number }): void {
    numbers.statSn = this.#statSn;
    numbers.expCmdSn = this.#window.expCmdSn;
    numbers.maxCmdSn = this.#window.maxCmdSn;
    this.#statSn = serialAdd(this.#statSn, 1);
  }

  #takeEffects(): readonly SessionEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  // ---- what is sent

  /** Sends `pdu`; with a status it takes the next StatSN, without one it only shows it (§11.1: StatSN). */
  #send(pdu: UnnumberedPdu, hasStatus = true, leased = false): void {
    const { expCmdSn, maxCmdSn } = this.#window;
    const statSn = this.#statSn;
    if (hasStatus) this.#statSn = serialAdd(statSn, 1);
    // The union is rebuilt by the spread; TypeScript does not distribute over it.
    this.#effects.push({ type: 'send', pdu: { ...pdu, statSn, expCmdSn, maxCmdSn } as TargetPdu, leased });
  }

  /** Only a session that runs commands is told. */
  #sendAsync(
    event: number,
    { parameter3 = 0, data = nothing }: { parameter3?: number; data?: Uint8Array },
  ): void {
    if (this.loggedIn?.identity.discovery !== false) return;
    this.#send({ kind: 'asyncMessage', tag: noTag, event, parameter3, data });
  }

  #reject(reason: number, bhs: Uint8Array): void {
    this.#send({ kind: 'reject', tag: noTag, reason, data: bhs });
  }

  #end(why: string): void {
    this.#phase = { mode: 'ended' };
    this.#tasks.clear();
    this.#effects.push({ type: 'close', why });
  }

  // ---- login

  #onPdu(pdu: InitiatorPdu): void {
    if (this.#phase.mode === 'full') return this.#onFullFeaturePdu(pdu, this.#phase.result);
    if (this.#phase.mode === 'ended') return undefined;
    if (pdu.kind !== 'loginRequest')
      throw new ProtocolError(`${pdu.kind} before the login was over`, undefined, pdu.bhs);
    return this.#onLogin(pdu, this.#phase.login);
  }

  #onLogin(pdu: PduOf<'loginRequest'>, login: Login): void {
    const { commandsMax } = this.#config.limits;
    this.#window = new CommandWindow({ commandsMax, firstCmdSn: pdu.cmdSn });
    let reply: LoginReply;
    try {
      reply = login.step(pdu);
    } catch (error) {
      if (!(error instanceof LoginRefusal)) throw error;
      const { status, address } = error;
      const data = address === undefined ? nothing : encodeKeys([{ key: 'TargetAddress', value: address }]);
      this.#sendLogin(pdu, { status, data });
      return this.#end(`login refused (0x${error.status.toString(16).padStart(4, '0')}): ${error.message}`);
    }
    if (reply.done !== undefined) {
      this.#phase = { mode: 'full', result: reply.done };
      this.#effects.push({ type: 'loggedIn', result: reply.done });
    }
    this.#sendLogin(pdu, { status: 0, reply });
    if (reply.done !== undefined) {
      const { headerDigest: header, dataDigest: data } = reply.done.parameters;
      this.#effects.push({ type: 'digests', digests: { header, data } });
    }
    return undefined;
  }

  #sendLogin(
    request: PduOf<'loginRequest'>,
    answer: { readonly status: number; readonly reply?: LoginReply; readonly data?: Uint8Array },
  ): void {
    const { isidHigh, isidLow, tag, currentStage } = request;
    const reply = answer.reply ?? {
      transit: false,
      continues: false,
      nextStage: 0,
      tsih: request.tsih,
      data: answer.data ?? nothing,
    };
    const { transit, continues, nextStage, tsih, data } = reply;
    const { status } = answer;
    // prettier-ignore
    this.#send({ kind: 'loginResponse', tag, transit, continues, currentStage, nextStage, isidHigh, isidLow, tsih, status, data });
  }

  // ---- full feature phase

  #onFullFeaturePdu(pdu: InitiatorPdu, { identity }: LoginResult): void {
    switch (pdu.kind) {
      case 'dataOut':
        return this.#writeData.receive(pdu);
      case 'scsiCommand':
      case 'taskManagement':
        if (identity.discovery)
          throw new ProtocolError(`${pdu.kind} in a discovery session`, rejectReason.protocolError, pdu.bhs);
        if (!this.#inOrder(pdu)) return undefined;
        return pdu.kind === 'scsiCommand' ? this.#onScsiCommand(pdu) : this.#onManagement(pdu);
      case 'nopOut':
        // Without a tag it is the answer to our NOP-In, or only a sign of life, and has no CmdSN of its own (§11.18).
        if (pdu.tag === noTag) return undefined;
        return this.#short(pdu, () => this.#onNopOut(pdu));
      case 'textRequest':
        return this.#short(pdu, () => this.#onText(pdu));
      case 'logoutRequest':
        return this.#short(pdu, () => this.#onLogout(pdu));
      case 'snackRequest':
        throw new ProtocolError('SNACK at error recovery level 0', rejectReason.snackReject, pdu.bhs);
      case 'loginRequest':
        throw new ProtocolError('login request in full feature phase', rejectReason.protocolError, pdu.bhs);
      case 'unknown':
        return this.#reject(rejectReason.commandNotSupported, pdu.bhs);
    }
  }

  /** Takes a command into the window; false: it is outside, and is ignored. */
  #inOrder(pdu: InitiatorPdu): boolean {
    if (pdu.immediate) return true;
    const order = this.#window.receive(pdu.cmdSn);
    // On one connection commands come in order; a gap is a command that was lost (§4.2.2.1).
    if (order === 'gap')
      throw new ProtocolError(`CmdSN ${pdu.cmdSn} follows a gap`, rejectReason.protocolError, pdu.bhs);
    return order === 'take';
  }

  /** A command that is over as soon as it is handled. */
  #short(pdu: InitiatorPdu, handle: () => void): void {
    if (!this.#inOrder(pdu)) return;
    if (!pdu.immediate) this.#window.end();
    handle();
  }

  #onNopOut(pdu: PduOf<'nopOut'>): void {
    const data = pdu.data.subarray(0, this.#parameters().sendSegmentBytesMax);
    this.#send({ kind: 'nopIn', tag: pdu.tag, targetTransferTag: noTag, lun: 0, data });
  }

  #parameters() {
    return must(this.loggedIn, 'a session in full feature phase').parameters;
  }

  #onText(pdu: PduOf<'textRequest'>): void {
    if (!this.#text.add(pdu.data))
      throw new ProtocolError('text too long', rejectReason.outOfResources, pdu.bhs);
    if (pdu.continues) {
      this.#send({
        kind: 'textResponse',
        tag: pdu.tag,
        final: false,
        targetTransferTag: this.#makeTag(),
        data: nothing,
      });
      return;
    }
    const offered = parseKeys(this.#text.take());
    if (offered === undefined) throw new ProtocolError('malformed text', rejectReason.protocolError, pdu.bhs);
    const discovery = must(this.loggedIn, 'a session in full feature phase').identity.discovery;
    const data = encodeKeys(answerText(offered, discovery, this.#config.advertised));
    this.#send({ kind: 'textResponse', tag: pdu.tag, final: true, targetTransferTag: noTag, data });
  }

  #onLogout(pdu: PduOf<'logoutRequest'>): void {
    const recovery = pdu.reason === 2;
    this.#send({ kind: 'logoutResponse', tag: pdu.tag, response: recovery ? 2 : 0 });
    if (!recovery) this.#end('logged out');
  }

  // ---- SCSI commands

  #onScsiCommand(pdu: PduOf<'scsiCommand'>): void {
    if (
      this.#tasks.has(pdu.tag) ||
      (pdu.immediate && this.#immediateRunning >= this.#config.limits.immediateMax)
    ) {
      const reason = this.#tasks.has(pdu.tag)
        ? rejectReason.taskInProgress
        : rejectReason.immediateCommandReject;
      if (!pdu.immediate) this.#window.end();
      return this.#reject(reason, pdu.bhs);
    }
    const { tag, lun, attribute, read, write, expectedBytes } = pdu;
    const task = {
      tag,
      lun,
      cdb: cdbOf(pdu),
      attribute,
      read,
      write,
      expectedBytes,
      windowed: !pdu.immediate,
    };
    if (pdu.immediate) this.#immediateRunning += 1;
    if (!write && pdu.data.byteLength === 0 && pdu.final) return this.#run(task, nothing);
    return this.#writeData.begin(task, pdu, this.#parameters());
  }

  #makeTag(): number {
    const tag = this.#nextTag;
    this.#nextTag = tag + 1 === noTag ? 1 : tag + 1;
    return tag;
  }

  #run(task: Task, data: Uint8Array): void {
    this.#tasks.run(task);
    this.#effects.push({ type: 'run', task, data });
  }

  #onDone(task: Task, outcome: TaskOutcome): void {
    if (!this.#tasks.end(task)) return this.#release(task);
    return this.#answer(task, outcome);
  }

  #answer(task: Task, outcome: TaskOutcome): void {
    this.#release(task);
    for (const pdu of answerPdus(task, outcome, this.#parameters()))
      this.#send(pdu, pdu.kind !== 'dataIn' || pdu.hasStatus, tellsOfVolume(task, outcome));
  }

  #release(task: Task): void {
    if (task.windowed) this.#window.end();
    else this.#immediateRunning -= 1;
  }

  // ---- task management

  #onManagement(pdu: PduOf<'taskManagement'>): void {
    if (!pdu.immediate) this.#window.end();
    const answer = (response: number) =>
      this.#send({ kind: 'taskManagementResponse', tag: pdu.tag, response });
    const row = managementFunctions.get(pdu.function);
    if (row === undefined)
      return answer(
        pdu.function === taskReassign
          ? managementResponse.reassignNotSupported
          : managementResponse.notSupported,
      );
    if (row.reach !== 'target' && !this.#config.hasLun(pdu.lun)) return answer(managementResponse.noSuchLun);
    const one = row.reach === 'task' ? this.#tasks.abort(pdu.referencedTag, pdu.lun) : undefined;
    if (row.reach === 'task' && one === undefined) return answer(managementResponse.noSuchTask);
    const running =
      one === undefined
        ? this.#abortTasks(row.reach === 'target' ? undefined : pdu.lun)
        : this.#stillRunning([one]);
    this.#effects.push({ type: 'manage', request: { tag: pdu.tag, function: row, lun: pdu.lun, running } });
    return undefined;
  }

  #onManaged(request: ManagementRequest): void {
    const response = managementResponse.complete;
    this.#send({ kind: 'taskManagementResponse', tag: request.tag, response });
    if (request.function.disconnects) this.#end('target cold reset');
  }

  /** All tasks of the session on `lun` (undefined: on any); answers those that still run. */
  #abortTasks(lun: number | undefined): readonly Task[] {
    return this.#stillRunning(this.#tasks.abortAll(lun));
  }

  /** Of what was aborted. What was only collecting its data is over. */
  #stillRunning(aborted: readonly TaskState[]): readonly Task[] {
    return aborted.flatMap(({ mode, task }) => {
      if (mode !== 'collecting') return [task];
      this.#writeData.stop(task);
      this.#release(task);
      return [];
    });
  }

  // ---- time

  #onTick(nowMs: number): void {
    const { loginMsMax, nopAfterMs, nopTimeoutMs } = this.#config.limits;
    if (this.#phase.mode === 'login') {
      if (nowMs - this.#startedAtMs > loginMsMax) this.#end('the login took too long');
      return;
    }
    if (this.#pingedAtMs !== undefined) {
      if (nowMs - this.#pingedAtMs > nopTimeoutMs) this.#end('the initiator does not answer');
      return;
    }
    if (nowMs - this.#heardAtMs <= nopAfterMs) return;
    this.#pingedAtMs = nowMs;
    this.#send({ ...ping, targetTransferTag: this.#makeTag() }, false);
  }
}

/** The CDB, with what an extended-CDB segment adds to it (§11.2.2.4). */
function cdbOf(pdu: PduOf<'scsiCommand'>): Uint8Array {
  const first = pdu.bhs.subarray(32, 48);
  const { ahs } = pdu;
  for (let at = 0; at + 4 <= ahs.byteLength;) {
    const bytes = ((ahs[at] ?? 0) << 8) | (ahs[at + 1] ?? 0);
    const end = at + 3 + bytes;
    if (ahs[at + 2] === 1 && bytes > 1 && end <= ahs.byteLength)
      return new Uint8Array(Buffer.concat([first, ahs.subarray(at + 4, end)]));
    at += (3 + bytes + 3) & ~3;
  }
  return first;
}
