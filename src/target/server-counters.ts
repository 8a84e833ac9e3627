/** What a target has served, since it started: for metrics. */
import { loginStage } from './iscsi/login.ts';
import type { TargetPdu } from './iscsi/pdu.ts';

export interface TargetCounts {
  readonly readCommands: number;
  readonly writeCommands: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly flushes: number;
  readonly unmaps: number;
  readonly otherCommands: number;
  /** Logins that came to their end, by login status (RFC 7143 §11.13.5): `0x0000` are the sessions that began. */
  readonly logins: Readonly<Record<string, number>>;
}

type LoginAnswer = Pick<
  Extract<TargetPdu, { readonly kind: 'loginResponse' }>,
  'status' | 'transit' | 'nextStage'
>;

const reads = new Set([0x08, 0x28, 0x88, 0xa8]);
const writes = new Set([0x0a, 0x2a, 0x8a, 0xaa, 0x2e, 0x8e, 0xae, 0x89, 0x8b, 0x9c]);
const flushes = new Set([0x35, 0x91]);
const unmaps = new Set([0x42, 0x41, 0x93]);

export class TargetCounters {
  readonly #counts = {
    readCommands: 0,
    writeCommands: 0,
    readBytes: 0,
    writtenBytes: 0,
    flushes: 0,
    unmaps: 0,
    otherCommands: 0,
  };

  readonly #logins = new Map<number, number>();

  /** A response that ends no login counts for nothing. */
  countLogin({ status, transit, nextStage }: LoginAnswer): void {
    if (status === 0 && !(transit && nextStage === loginStage.fullFeature)) return;
    this.#logins.set(status, (this.#logins.get(status) ?? 0) + 1);
  }

  count(opcode: number, bytes: number): void {
    const counts = this.#counts;
    if (reads.has(opcode)) {
      counts.readCommands += 1;
      counts.readBytes += bytes;
    } else if (writes.has(opcode)) {
      counts.writeCommands += 1;
      counts.writtenBytes += bytes;
    } else if (flushes.has(opcode)) counts.flushes += 1;
    else if (unmaps.has(opcode)) counts.unmaps += 1;
    else counts.otherCommands += 1;
  }

  /** A READ or WRITE that took the express lane. */
  countPlain(write: boolean, bytes: number): void {
    const counts = this.#counts;
    if (write) {
      counts.writeCommands += 1;
      counts.writtenBytes += bytes;
    } else {
      counts.readCommands += 1;
      counts.readBytes += bytes;
    }
  }

  read(): TargetCounts {
    const logins = Object.fromEntries(
      Array.from(this.#logins, ([status, count]) => [`0x${status.toString(16).padStart(4, '0')}`, count]),
    );
    return { ...this.#counts, logins };
  }
}
