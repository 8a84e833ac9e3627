/** Logical units that do not exist: three commands are answered all the same (SPC-4 §6.6.2, §6.33, §6.39). */
import type { Cdb } from './cdb.ts';
import { reportLuns } from './control.ts';
import type { Identity } from './identity.ts';
import { inquiry } from './inquiry.ts';
import { CheckCondition, senseOf } from './sense.ts';
import { answer, type ScsiResult } from './status.ts';

const opcodes = { requestSense: 0x03, inquiry: 0x12, reportLuns: 0xa0 } as const;

/** Throws CheckCondition. */
export function runElsewhere(cdb: Cdb, identity: Identity): ScsiResult {
  switch (cdb.opcode) {
    case opcodes.inquiry:
      return inquiry(cdb, identity, undefined);
    case opcodes.reportLuns:
      return reportLuns({ cdb });
    case opcodes.requestSense: {
      const detail = { condition: 'noSuchUnit', information: undefined, field: undefined } as const;
      return answer(senseOf(detail, cdb.bit(1, 0)), cdb.u8(4));
    }
    default:
      throw new CheckCondition('noSuchUnit');
  }
}
