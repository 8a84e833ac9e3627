/** The full feature phase (RFC 7143 §4.3, §11): what each PDU of an initiator that is logged in leads to. */
import { must } from '../../shared/assert.ts';
import { ProtocolError, rejectReason } from './errors.ts';
import type { LoginResult } from './login.ts';
import { noTag, type InitiatorPdu, type PduOf } from './pdu.ts';
import type { SessionConfig } from './session-events.ts';
import type { SessionOutput } from './session-output.ts';
import { SessionTasks } from './session-tasks.ts';
import { answerText } from './text.ts';
import { encodeKeys, parseKeys, TextCollector } from './text-keys.ts';

const nothing = new Uint8Array(0);

export class FullFeaturePhase {
  readonly tasks: SessionTasks;
  readonly #config: SessionConfig;
  readonly #output: SessionOutput;
  readonly #text = new TextCollector();
  /** Of the exchange that goes on. */
  #textTag: number | undefined;
  readonly #loggedIn: () => LoginResult | undefined;

  constructor(config: SessionConfig, output: SessionOutput, loggedIn: () => LoginResult | undefined) {
    this.#config = config;
    this.#output = output;
    this.#loggedIn = loggedIn;
    this.tasks = new SessionTasks({ config, output, parameters: () => this.#result().parameters });
  }

  #result(): LoginResult {
    return must(this.#loggedIn(), 'a session in full feature phase');
  }

  /** Answers why the session is over; undefined: it goes on. Throws ProtocolError. */
  receive(pdu: InitiatorPdu, { identity }: LoginResult): string | undefined {
    switch (pdu.kind) {
      case 'dataOut':
        this.tasks.data(pdu);
        return undefined;
      case 'scsiCommand':
      case 'taskManagement':
        if (identity.discovery)
          throw new ProtocolError(`${pdu.kind} in a discovery session`, rejectReason.protocolError, pdu.bhs);
        if (!this.#inOrder(pdu)) return undefined;
        if (pdu.kind === 'scsiCommand') this.tasks.begin(pdu);
        else this.tasks.manage(pdu);
        return undefined;
      case 'nopOut':
        // Without a tag it is the answer to our NOP-In, or only a sign of life, and has no CmdSN of its own (§11.18).
        if (pdu.tag !== noTag && this.#isShort(pdu)) this.#onNopOut(pdu);
        return undefined;
      case 'textRequest':
        if (this.#isShort(pdu)) this.#onText(pdu);
        return undefined;
      case 'logoutRequest':
        return this.#isShort(pdu) ? this.#onLogout(pdu) : undefined;
      case 'snackRequest':
        throw new ProtocolError('SNACK at error recovery level 0', rejectReason.snackReject, pdu.bhs);
      case 'loginRequest':
        throw new ProtocolError('login request in full feature phase', rejectReason.protocolError, pdu.bhs);
      case 'unknown':
        this.#output.reject(rejectReason.commandNotSupported, pdu.bhs);
        return undefined;
    }
  }

  /** Takes a command into the window; false: it is outside, and is ignored. */
  #inOrder(pdu: InitiatorPdu): boolean {
    if (pdu.immediate) return true;
    const order = this.#output.window.receive(pdu.cmdSn);
    // On one connection commands come in order; a gap is a command that was lost (§4.2.2.1).
    if (order === 'gap')
      throw new ProtocolError(`CmdSN ${pdu.cmdSn} follows a gap`, rejectReason.protocolError, pdu.bhs);
    return order === 'take';
  }

  /** `#inOrder`, for a command that is over as soon as it is handled. */
  #isShort(pdu: InitiatorPdu): boolean {
    if (!this.#inOrder(pdu)) return false;
    if (!pdu.immediate) this.#output.window.end();
    return true;
  }

  #onNopOut(pdu: PduOf<'nopOut'>): void {
    const data = pdu.data.subarray(0, this.#result().parameters.sendSegmentBytesMax);
    this.#output.send({ kind: 'nopIn', tag: pdu.tag, targetTransferTag: noTag, lun: 0, data });
  }

  #onText(pdu: PduOf<'textRequest'>): void {
    // Without a tag of ours it begins anew, and what was said before is forgotten (§11.10.4).
    if (pdu.targetTransferTag === noTag) this.#text.take();
    else if (pdu.targetTransferTag !== this.#textTag)
      return this.#output.reject(rejectReason.protocolError, pdu.bhs);
    if (!this.#text.add(pdu.data))
      throw new ProtocolError('text too long', rejectReason.outOfResources, pdu.bhs);
    const { tag } = pdu;
    if (pdu.continues) {
      const targetTransferTag = this.#output.makeTag();
      this.#textTag = targetTransferTag;
      this.#output.send({ kind: 'textResponse', tag, final: false, targetTransferTag, data: nothing });
      return undefined;
    }
    this.#textTag = undefined;
    const offered = parseKeys(this.#text.take());
    if (offered === undefined) throw new ProtocolError('malformed text', rejectReason.protocolError, pdu.bhs);
    const { discovery } = this.#result().identity;
    const data = encodeKeys(answerText(offered, discovery, this.#config.advertised));
    this.#output.send({ kind: 'textResponse', tag, final: true, targetTransferTag: noTag, data });
    return undefined;
  }

  #onLogout(pdu: PduOf<'logoutRequest'>): string | undefined {
    const recovery = pdu.reason === 2;
    this.#output.send({ kind: 'logoutResponse', tag: pdu.tag, response: recovery ? 2 : 0 });
    return recovery ? undefined : 'logged out';
  }
}
