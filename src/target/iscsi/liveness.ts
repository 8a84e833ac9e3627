/** Whether the initiator is there: it has so long to log in, then so long to be silent, then so long to answer a NOP-In. */
import type { SessionLimits } from './session-events.ts';

type Limits = Pick<SessionLimits, 'loginMsMax' | 'nopAfterMs' | 'nopTimeoutMs'>;

export class Liveness {
  readonly #limits: Limits;
  readonly #startedAtMs: number;
  #heardAtMs: number;
  #pingedAtMs: number | undefined;

  constructor(limits: Limits, nowMs: number) {
    this.#limits = limits;
    this.#startedAtMs = nowMs;
    this.#heardAtMs = nowMs;
  }

  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
    this.#pingedAtMs = undefined;
  }

  /** What is due: `ping` is to be sent now; any other text is why the session ends. */
  due(nowMs: number, isLogin: boolean): string | undefined {
    const { loginMsMax, nopAfterMs, nopTimeoutMs } = this.#limits;
    if (isLogin) return nowMs - this.#startedAtMs > loginMsMax ? 'the login took too long' : undefined;
    if (this.#pingedAtMs !== undefined)
      return nowMs - this.#pingedAtMs > nopTimeoutMs ? 'the initiator does not answer' : undefined;
    if (nowMs - this.#heardAtMs <= nopAfterMs) return undefined;
    this.#pingedAtMs = nowMs;
    return 'ping';
  }
}
