/** What a session has to say and do: PDUs with their numbers (RFC 7143 §4.2.2) and other effects, in order. */
import { serialAdd, type CommandWindow } from './command-window.ts';
import type { UnnumberedPdu } from './data-in.ts';
import { noTag, type TargetPdu } from './pdu.ts';
import type { SessionEffect } from './session-events.ts';

export interface AnswerNumbers {
  statSn: number;
  expCmdSn: number;
  maxCmdSn: number;
}

export class SessionOutput {
  /** Of the commands that may come; begins anew with each login request. */
  window: CommandWindow;
  #effects: SessionEffect[] = [];
  #statSn = 1;
  #nextTag = 1;

  constructor(window: CommandWindow) {
    this.window = window;
  }

  /** Sends `pdu`; with a status it takes the next StatSN, without one it only shows it (§11.1: StatSN). */
  send(pdu: UnnumberedPdu, hasStatus = true, leased = false): void {
    const { expCmdSn, maxCmdSn } = this.window;
    const statSn = this.#statSn;
    if (hasStatus) this.#statSn = serialAdd(statSn, 1);
    // The union is rebuilt by the spread; TypeScript does not distribute over it.
    this.add({ type: 'send', pdu: { ...pdu, statSn, expCmdSn, maxCmdSn } as TargetPdu, leased });
  }

  reject(reason: number, bhs: Uint8Array): void {
    this.send({ kind: 'reject', tag: noTag, reason, data: bhs });
  }

  add(effect: SessionEffect): void {
    this.#effects.push(effect);
  }

  take(): readonly SessionEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** The numbers of an answer with status that is sent now, past `send`. */
  stamp(numbers: AnswerNumbers): void {
    numbers.statSn = this.#statSn;
    numbers.expCmdSn = this.window.expCmdSn;
    numbers.maxCmdSn = this.window.maxCmdSn;
    this.#statSn = serialAdd(this.#statSn, 1);
  }

  /** A target transfer tag. */
  makeTag(): number {
    const tag = this.#nextTag;
    this.#nextTag = tag + 1 === noTag ? 1 : tag + 1;
    return tag;
  }
}
