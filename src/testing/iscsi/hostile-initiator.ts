/**
 * An initiator that knows the protocol well enough to break it where it hurts: it logs in, keeps count of what it said and
 * heard, and bends some of its PDUs in a field, a length, an order or a byte. All of it follows from the seed.
 */
import {
  final,
  frame,
  Header,
  immediate,
  noTag,
  reply,
  request,
  textOf,
  type Digests,
  type Pdu,
} from '../../../e2e/initiator/wire.ts';
import type { Prng } from '../../shared/prng.ts';
import { commandOf } from './hostile-commands.ts';
import { loginKeys, textKeys } from './hostile-keys.ts';

interface Asked {
  readonly tag: number;
  readonly transferTag: number;
  readonly offset: number;
  readonly bytes: number;
}

const edges = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
const askedMax = 64;

export class HostileInitiator {
  digests: Digests = { header: false, data: false };
  loggedIn = false;
  readonly #random: Prng;
  /** How often a PDU is bent: some sessions behave for long, others never. */
  readonly #malice: number;
  readonly #unrest: number;
  #cmdSn: number;
  #expStatSn = 0;
  #stage: number;
  #lastTag = 1;
  readonly #asked: Asked[] = [];

  /** `unrest`: how many of its requests end others, beyond the few that every session has. */
  constructor(random: Prng, unrest = 0) {
    this.#random = random;
    this.#unrest = unrest;
    this.#malice = random.pick([0, 0.02, 0.1, 0.5]);
    this.#cmdSn = random.chance(0.2) ? 0xffff_fff0 : random.below(1000);
    this.#stage = random.chance(0.3) ? 0 : 1;
  }

  /** The bytes of the next PDU. */
  next(): Uint8Array {
    const [header, data] = this.loggedIn ? this.#request() : this.#login();
    if (!this.#random.chance(this.#malice)) return frame(header, data, this.digests);
    return this.#bend(header, data);
  }

  heard(pdu: Pdu): void {
    this.#expStatSn = (pdu.view.getUint32(24) + 1) >>> 0;
    if (pdu.opcode === reply.readyToTransfer && this.#asked.length < askedMax)
      this.#asked.push({
        tag: pdu.view.getUint32(16),
        transferTag: pdu.view.getUint32(20),
        offset: pdu.view.getUint32(40),
        bytes: pdu.view.getUint32(44),
      });
    if (pdu.opcode !== reply.login || pdu.view.getUint16(36) !== 0) return;
    if ((pdu.flags & 0x83) === 0x83) this.loggedIn = true;
    else if ((pdu.flags & final) !== 0) this.#stage = 1;
  }

  // ---- well-formed

  #login(): [Header, Uint8Array] {
    const random = this.#random;
    const next = this.#stage === 0 ? random.pick([1, 3]) : 3;
    const header = new Header(request.login | immediate, final | (this.#stage << 2) | next);
    header.u32(8, 0x8000_0000 | random.below(4)).u16(12, random.below(4));
    header.u32(16, 1).u32(24, this.#cmdSn).u32(28, this.#expStatSn);
    return [header, textOf(loginKeys(random, this.#malice))];
  }

  #request(): [Header, Uint8Array] {
    const random = this.#random;
    const answer = this.#asked.length > 0 && random.chance(0.7) ? this.#asked.shift() : undefined;
    if (answer !== undefined) return this.#dataOut(answer);
    if (this.#unrest > 0 && random.chance(this.#unrest)) return this.#management();
    const kind = random.below(100);
    if (kind < 80) return this.#command();
    if (kind < 86) return this.#dataOut(this.#wrongAnswer());
    if (kind < 90)
      return this.#numbered(new Header(request.nopOut | this.#maybeImmediate(), final).u32(20, noTag));
    if (kind < 95) return this.#management();
    if (kind < 99) return this.#text();
    return this.#numbered(new Header(request.logout | immediate, final | random.below(3)));
  }

  #command(): [Header, Uint8Array] {
    const random = this.#random;
    const { cdb, out, room } = commandOf(random);
    const immediateBytes = Math.min(out.byteLength, random.pick([0, 512, 8192]));
    const flags = (random.chance(0.1) ? 0 : final) | (room > 0 ? 0x40 : 0) | (out.byteLength > 0 ? 0x20 : 0);
    const header = new Header(
      request.command | this.#maybeImmediate(0.05),
      flags | random.pick([0, 1, 1, 1, 2, 3, 4]),
    );
    header.lun(random.chance(0.95) ? 0 : random.below(300)).u32(20, Math.max(out.byteLength, room));
    header.bytes.set(cdb, 32);
    return this.#numbered(header, out.subarray(0, immediateBytes));
  }

  #dataOut({ tag, transferTag, offset, bytes }: Asked): [Header, Uint8Array] {
    const sent = Math.min(bytes, this.#random.pick([512, 8192, 65_536, bytes]));
    if (sent < bytes && this.#asked.length < askedMax)
      this.#asked.unshift({ tag, transferTag, offset: offset + sent, bytes: bytes - sent });
    const header = new Header(request.dataOut, sent === bytes ? final : 0);
    header.u32(16, tag).u32(20, transferTag).u32(40, offset).u32(28, this.#expStatSn);
    return [header, new Uint8Array(sent).fill(tag)];
  }

  #wrongAnswer(): Asked {
    const random = this.#random;
    const tag = random.chance(0.5) ? this.#lastTag : random.below(1 << 16);
    return {
      tag,
      transferTag: random.pick([noTag, 1, 2, 3]),
      offset: random.below(4) * 512,
      bytes: random.below(4096),
    };
  }

  #management(): [Header, Uint8Array] {
    const random = this.#random;
    // 7, the cold reset, ends the session: seldom
    const fn = random.chance(0.02) ? 7 : random.pick([1, 1, 1, 2, 3, 4, 5, 6, 8, 9]);
    const header = new Header(request.taskManagement | this.#maybeImmediate(), final | fn);
    const [tag, cmdSn] = [this.#lastTag, this.#cmdSn];
    return this.#numbered(header.u32(20, random.chance(0.8) ? tag : random.below(1 << 16)).u32(32, cmdSn));
  }

  #text(): [Header, Uint8Array] {
    const continues = this.#random.chance(0.2);
    const header = new Header(request.text | this.#maybeImmediate(), continues ? 0x40 : final).u32(20, noTag);
    return this.#numbered(header, textOf(textKeys(this.#random)));
  }

  #maybeImmediate(probability = 0.5): number {
    return this.#random.chance(probability) ? immediate : 0;
  }

  #numbered(header: Header, data: Uint8Array = new Uint8Array(0)): [Header, Uint8Array] {
    const isImmediate = ((header.bytes[0] ?? 0) & immediate) !== 0;
    this.#lastTag = this.#random.chance(0.98) ? (this.#lastTag + 1) >>> 0 : this.#lastTag;
    header.u32(16, this.#lastTag).u32(24, this.#cmdSn).u32(28, this.#expStatSn);
    if (!isImmediate) this.#cmdSn = (this.#cmdSn + 1) >>> 0;
    return [header, data];
  }

  // ---- bent

  #bend(header: Header, data: Uint8Array): Uint8Array {
    const random = this.#random;
    switch (random.below(8)) {
      case 0: // a field of four bytes
        header.u32(8 + 4 * random.below(10), random.pick(edges));
        break;
      case 1: // one byte of the header, the lengths left alone: they would only put all that follows out of step
        header.bytes[random.pick([0, 1, 2, 3, 8, 9, 20, 32, 33, 34, 40, 47])] = random.below(256);
        break;
      case 2: // a bit of the data
        if (data.byteLength > 0) data[random.below(data.byteLength)]! ^= 1 << random.below(8);
        break;
      case 3: // another length of data
        return frame(header, random.bytes(random.pick([1, 3, 511, 512, 8192])), this.digests);
      case 4: // a command number that is not its turn
        header.u32(24, (this.#cmdSn + random.pick([-2, -1, 1, 2, 127, 128, 129, 0x7fff_ffff])) >>> 0);
        break;
      case 5: // additional header segments
        return this.#withSegments(header, data);
      case 6: {
        // any byte of the frame, digests and lengths included
        const bytes = frame(header, data, this.digests);
        bytes[random.below(bytes.byteLength)] = random.below(256);
        return bytes;
      }
      default: {
        // cut, or said twice
        const bytes = frame(header, data, this.digests);
        return random.chance(0.5)
          ? bytes.subarray(0, random.below(bytes.byteLength))
          : Buffer.concat([bytes, bytes]);
      }
    }
    return frame(header, data, this.digests);
  }

  #withSegments(header: Header, data: Uint8Array): Uint8Array {
    const random = this.#random;
    const segments = random.bytes(4 * random.below(64));
    if (segments.byteLength >= 4) segments.set([0, random.below(32), random.pick([1, 2, 0x3f])]);
    header.bytes[4] = random.chance(0.9) ? segments.byteLength / 4 : random.below(256);
    const bytes = frame(header, data, { header: false, data: false });
    return Buffer.concat([bytes.subarray(0, 48), segments, bytes.subarray(48)]);
  }
}
