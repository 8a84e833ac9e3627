/** The login of a session: its requests are answered, until one of them ends it (RFC 7143 §6.3, §11.13). */
import { LoginRefusal } from './errors.ts';
import { Login, type LoginConfig, type LoginReply, type LoginResult } from './login.ts';
import type { PduOf } from './pdu.ts';
import type { SessionOutput } from './session-output.ts';
import { encodeKeys } from './text-keys.ts';

/** What became of it with a request. */
export type LoginStep =
  | { readonly type: 'on' }
  | { readonly type: 'done'; readonly result: LoginResult }
  | { readonly type: 'refused'; readonly why: string };

const nothing = new Uint8Array(0);

export class SessionLogin {
  readonly #login: Login;
  readonly #output: SessionOutput;

  constructor(config: LoginConfig, output: SessionOutput) {
    this.#login = new Login(config);
    this.#output = output;
  }

  receive(pdu: PduOf<'loginRequest'>): LoginStep {
    let reply: LoginReply;
    try {
      reply = this.#login.step(pdu);
    } catch (error) {
      if (!(error instanceof LoginRefusal)) throw error;
      return this.#refuse(pdu, error);
    }
    const result = reply.done;
    if (result !== undefined) this.#output.add({ type: 'loggedIn', result });
    this.#answer(pdu, 0, reply);
    if (result === undefined) return { type: 'on' };
    const { headerDigest: header, dataDigest: data } = result.parameters;
    this.#output.add({ type: 'digests', digests: { header, data } });
    return { type: 'done', result };
  }

  #refuse(pdu: PduOf<'loginRequest'>, { status, address, message }: LoginRefusal): LoginStep {
    const data = address === undefined ? nothing : encodeKeys([{ key: 'TargetAddress', value: address }]);
    this.#answer(pdu, status, { transit: false, continues: false, nextStage: 0, tsih: pdu.tsih, data });
    const why = `login refused (0x${status.toString(16).padStart(4, '0')}): ${message}`;
    return { type: 'refused', why };
  }

  #answer(request: PduOf<'loginRequest'>, status: number, reply: Omit<LoginReply, 'done'>): void {
    const { isidHigh, isidLow, tag, currentStage } = request;
    const { transit, continues, nextStage, tsih, data } = reply;
    // prettier-ignore
    this.#output.send({ kind: 'loginResponse', tag, transit, continues, currentStage, nextStage, isidHigh, isidLow, tsih, status, data });
  }
}
