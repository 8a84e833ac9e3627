/**
 * Command numbering of a session (RFC 7143 §4.2.2.1). CmdSN is a 32-bit serial number (RFC 1982): it wraps.
 *
 * MaxCmdSN never goes back: it rises by one when a command ends, so the window closes while `commandsMax` are running.
 */
import { assert } from '../../shared/assert.ts';

/** a < b in serial number arithmetic. */
export const serialBefore = (a: number, b: number): boolean => ((a - b) | 0) < 0;
export const serialAdd = (a: number, by: number): number => (a + by) >>> 0;

/** `take`: in order. `ignore`: outside the window, silently dropped (§4.2.2.1). `gap`: a command before it is missing. */
export type CommandOrder = 'take' | 'ignore' | 'gap';

export class CommandWindow {
  readonly #commandsMax: number;
  #expected: number;
  #running = 0;

  constructor(options: { readonly commandsMax: number; readonly firstCmdSn: number }) {
    this.#commandsMax = options.commandsMax;
    this.#expected = options.firstCmdSn >>> 0;
  }

  get expCmdSn(): number {
    return this.#expected;
  }
  get maxCmdSn(): number {
    return serialAdd(this.#expected, this.#commandsMax - this.#running - 1);
  }

  /** Where a non-immediate command stands. After `take` it occupies a place until `end`. */
  receive(cmdSn: number): CommandOrder {
    if (serialBefore(cmdSn, this.#expected) || serialBefore(this.maxCmdSn, cmdSn)) return 'ignore';
    if (cmdSn !== this.#expected) return 'gap';
    this.#expected = serialAdd(this.#expected, 1);
    this.#running += 1;
    return 'take';
  }

  /** A command that `take` let in is over. */
  end(): void {
    assert(this.#running > 0, 'more commands ended than were taken');
    this.#running -= 1;
  }
}
