/**
 * Walks SPC-4 §5.12, persistent reservations, with §6.15 and §6.16: what each service action does and to whom it is told,
 * what each type lets through for every command of the unit, what survives the target.
 *
 * Not covered, because not offered: third-party scopes (element), REPLACE LOST RESERVATION (SPC-5).
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cdbs, filled, iqn, ScsiRig, told, u32, u64 } from '../../testing/scsi-rig.ts';
import { commands } from './commands.ts';
import { LogicalUnit } from './logical-unit.ts';
import type { Nexus } from './nexus.ts';
import { registrationsMax, reservationType, type ReservationType } from './reservation-state.ts';
import { decodeTransportId, encodeTransportId } from './transport-id.ts';

const conflict = 0x18;
const [keyA, keyB, keyC] = [0xa1, 0xb2, 0xc3];
const [WE, EA, WERO, EARO, WEAR, EAAR] = Object.values(reservationType) as [
  ReservationType,
  ReservationType,
  ReservationType,
  ReservationType,
  ReservationType,
  ReservationType,
];
const types = [WE, EA, WERO, EARO, WEAR, EAAR];

let rig: ScsiRig;
let a: Nexus;
let b: Nexus;
let c: Nexus;
beforeEach(() => {
  rig = new ScsiRig();
  a = rig.attach('iqn.a:1,i,0x00023d000001');
  b = rig.attach('iqn.b:1,i,0x00023d000002');
  c = rig.attach('iqn.c:1,i,0x00023d000003');
});

const action = {
  register: 0,
  reserve: 1,
  release: 2,
  clear: 3,
  preempt: 4,
  preemptAndAbort: 5,
  ignore: 6,
  move: 7,
};
interface Out {
  readonly key?: number;
  readonly actionKey?: number;
  readonly type?: number;
  readonly flags?: number;
  readonly ids?: readonly Uint8Array[];
}
const list = ({ key = 0, actionKey = 0, flags = 0, ids }: Out) => {
  const basic = [...u64(key), ...u64(actionKey), 0, 0, 0, 0, flags, 0, 0, 0];
  if (ids === undefined) return Uint8Array.from(basic);
  const bytes = ids.flatMap((id) => [...id]);
  return Uint8Array.from([...basic, ...u32(bytes.length), ...bytes]);
};
const out = async (by: Nexus, what: keyof typeof action, more: Out = {}) => {
  const parameters = list(more);
  const cdb = [0x5f, action[what], more.type ?? 0, 0, 0, ...u32(parameters.byteLength), 0];
  return told(await rig.run(cdb, { by, out: parameters }));
};
const reserveIn = async (what: number) => (await rig.run([0x5e, what, 0, 0, 0, 0, 0, 16, 0, 0])).data!;
const keys = async () => {
  const data = await reserveIn(0);
  const view = new DataView(data.buffer, data.byteOffset);
  return Array.from({ length: view.getUint32(4) / 8 }, (_, i) => Number(view.getBigUint64(8 + 8 * i)));
};
const generation = async () => new DataView((await reserveIn(0)).buffer).getUint32(0);
/** Key and type of the reservation. */
const held = async () => {
  const data = await reserveIn(1);
  return data.byteLength === 8 ? undefined : [data[15], data[21]];
};
/** All that this nexus has yet to be told. */
const attentions = async (by: Nexus) => {
  const found: (number | string)[] = [];
  for (
    let outcome = told(await rig.run([0], { by }));
    outcome !== 0;
    outcome = told(await rig.run([0], { by }))
  )
    found.push(outcome);
  return found;
};
/** a and b are registered, c is not; a holds a reservation. */
const setUp = async (type: number) => {
  await out(a, 'register', { actionKey: keyA });
  await out(b, 'register', { actionKey: keyB });
  expect(await out(a, 'reserve', { key: keyA, type })).toBe(0);
};

describe('§5.12.7 registering', () => {
  test('a key in, changed, out again; each counts one generation', async () => {
    expect(await out(a, 'register', { actionKey: keyA })).toBe(0);
    expect(await out(a, 'register', { key: keyA, actionKey: keyC })).toBe(0);
    expect([await keys(), await generation()]).toEqual([[keyC], 2]);
    expect(await out(a, 'register', { key: keyC })).toBe(0);
    expect([await keys(), await generation()]).toEqual([[], 3]);
  });
  test('who is registered must know its key, who is not must give none; ignoring needs neither', async () => {
    expect(await out(a, 'register', { key: 1, actionKey: keyA })).toBe(conflict);
    await out(a, 'register', { actionKey: keyA });
    expect(await out(a, 'register', { key: keyB, actionKey: keyC })).toBe(conflict);
    expect(await out(a, 'register', { actionKey: keyC })).toBe(conflict);
    expect(await out(a, 'ignore', { key: 99, actionKey: keyC })).toBe(0);
    expect([await keys(), await generation()]).toEqual([[keyC], 2]);
  });
  test('no key from who is not registered changes nothing', async () => {
    expect([await out(a, 'register'), await out(a, 'ignore'), await keys()]).toEqual([0, 0, []]);
  });
  test('two ports may have one key', async () => {
    await out(a, 'register', { actionKey: keyA });
    await out(b, 'register', { actionKey: keyA });
    expect(await keys()).toEqual([keyA, keyA]);
  });
  test('SPEC_I_PT registers others too: ports by name, initiators by the ports they have here', async () => {
    const bPort = encodeTransportId(b.name);
    const cInitiator = Uint8Array.from([0x05, 0, 0, 20, ...Buffer.from('iqn.C:1'.padEnd(20, '\0'))]);
    expect(await out(a, 'register', { actionKey: keyA, flags: 8, ids: [bPort, cInitiator] })).toBe(0);
    expect(await keys()).toEqual([keyA, keyA, keyA]);
    expect(await out(c, 'reserve', { key: keyA, type: WE })).toBe(0);
  });
  test('SPEC_I_PT registers all or none, and is for ports that are new', async () => {
    await out(b, 'register', { actionKey: keyB });
    const ids = [encodeTransportId(c.name), encodeTransportId(b.name)];
    expect(await out(a, 'register', { actionKey: keyA, flags: 8, ids })).toBe('5/2600');
    expect(await keys()).toEqual([keyB]);
    expect(await out(b, 'register', { key: keyB, actionKey: 1, flags: 8, ids: [] })).toBe('5/2600');
    expect(await out(a, 'ignore', { actionKey: keyA, flags: 8, ids: [] })).toBe('5/2600');
    expect(await out(a, 'register', { actionKey: keyA, flags: 8, ids: [Uint8Array.of(6, 0, 0, 20)] })).toBe(
      '5/2600',
    );
  });
  test('so many ports and no more', async () => {
    for (let i = 0; i < registrationsMax; i++)
      expect(await out(rig.attach(`iqn.many:${i},i,0x0`), 'register', { actionKey: 7 })).toBe(0);
    expect(await out(a, 'register', { actionKey: keyA })).toBe('5/5504');
  });
  test('a list of another length, or less data than it says', async () => {
    const sent = list({ actionKey: keyA });
    const run = async (bytes: number, data: Uint8Array) =>
      told(await rig.run([0x5f, 0, 0, 0, 0, ...u32(bytes), 0], { by: a, out: data }));
    expect(await run(23, sent)).toBe('5/1a00');
    expect(await run(24, sent.subarray(0, 20))).toBe('5/1a00');
    expect(await run(28, Uint8Array.from([...sent, 0, 0, 0, 0]))).toBe('5/1a00');
  });
});

describe('§5.12.9 reserving, §5.12.11.2 releasing', () => {
  test.each(types)('type %i: shown, taken again by its holder, released', async (type) => {
    await setUp(type);
    const all = type >= WEAR;
    expect(await held()).toEqual([all ? 0 : keyA, type]);
    expect(await out(a, 'reserve', { key: keyA, type })).toBe(0);
    expect(await out(b, 'reserve', { key: keyB, type })).toBe(all ? 0 : conflict);
    expect(await out(a, 'reserve', { key: keyA, type: type === WE ? EA : WE })).toBe(conflict);
    expect(await out(a, 'release', { key: keyA, type: type === WE ? EA : WE })).toBe('5/2604');
    expect(await out(a, 'release', { key: keyA, type })).toBe(0);
    expect(await held()).toBeUndefined();
    // types of several users: the others may be waiting for this
    expect(await attentions(b)).toEqual(type >= WERO ? ['6/2a04'] : []);
    expect([await attentions(a), await attentions(c)]).toEqual([[], []]);
  });
  test('only who is registered, with its key', async () => {
    await setUp(WE);
    for (const what of ['reserve', 'release', 'clear', 'preempt', 'preemptAndAbort'] as const) {
      expect(await out(c, what, { key: keyC, actionKey: keyA, type: WE })).toBe(conflict);
      expect(await out(b, what, { key: keyC, actionKey: keyA, type: WE })).toBe(conflict);
    }
    expect(await held()).toEqual([keyA, WE]);
  });
  test('with a key that is not its own nobody reserves, whatever is reserved already', async () => {
    await out(a, 'register', { actionKey: keyA });
    expect(await out(a, 'reserve', { key: keyB, type: WE })).toBe(conflict);
    expect(await held()).toBeUndefined();
  });
  test('a release by somebody else, or of nothing, is no error and changes nothing', async () => {
    await setUp(WE);
    expect(await out(b, 'release', { key: keyB, type: WE })).toBe(0);
    expect(await held()).toEqual([keyA, WE]);
    await out(a, 'release', { key: keyA, type: WE });
    expect(await out(a, 'release', { key: keyA, type: WE })).toBe(0);
  });
  test('a type or scope that does not exist', async () => {
    await out(a, 'register', { actionKey: keyA });
    for (const type of [0, 2, 4, 9, 0x11, 0x21])
      expect(await out(a, 'reserve', { key: keyA, type })).toBe('5/2400');
  });
  test.each(types)('type %i: what becomes of it when the holder unregisters', async (type) => {
    await setUp(type);
    await out(a, 'register', { key: keyA });
    expect(await held()).toEqual(type >= WEAR ? [0, type] : undefined);
    expect(await attentions(b)).toEqual(type === WERO || type === EARO ? ['6/2a04'] : []);
    expect(await attentions(a)).toEqual([]);
    await out(b, 'register', { key: keyB });
    expect(await held()).toBeUndefined();
  });
});

describe('§5.12.1 tables 65 and SBC-3 5: who may run what', () => {
  /** CDBs that do no harm; service actions included. */
  const harmless = commands
    .filter(({ opcode }) => ![0x5e, 0x5f, 0x16, 0x17].includes(opcode))
    .map(({ name, opcode, serviceAction = 0, access }) => ({ name, access, cdb: [opcode, serviceAction] }));
  // may others read, may registered others write, may unregistered others read
  test.each([
    [WE, true, false, true],
    [EA, false, false, false],
    [WERO, true, true, true],
    [EARO, true, true, false],
    [WEAR, true, true, true],
    [EAAR, true, true, false],
  ])('type %i', async (type, registeredRead, registeredWrite, strangerRead) => {
    await setUp(type);
    const conflicts = async (by: Nexus, cdb: readonly number[]) =>
      told(await rig.run(cdb, { by })) === conflict;
    for (const { name, access, cdb } of harmless) {
      const [read, write] = [access === 'read', access === 'write'];
      // the cases of START STOP UNIT follow below
      const stop = cdb[0] === 0x1b;
      const registered = (read && !registeredRead) || ((write || stop) && !registeredWrite);
      const stranger = (read && !strangerRead) || write || stop;
      const found = [await conflicts(a, cdb), await conflicts(b, cdb), await conflicts(c, cdb)];
      expect([name, ...found]).toEqual([name, false, registered, stranger]);
    }
    expect(await conflicts(c, [0x1b, 0, 0, 0, 1, 0])).toBe(false);
  });
  test('the table itself: what is read, what is written, what is free', () => {
    const named = (access: string) => commands.filter((row) => row.access === access).map(({ name }) => name);
    expect(named('free').filter((name) => !name.startsWith('PERSISTENT'))).toEqual([
      'TEST UNIT READY',
      'REQUEST SENSE',
      'INQUIRY',
      'RESERVE(6)',
      'RELEASE(6)',
      'START STOP UNIT',
      'READ CAPACITY(10)',
      'LOG SENSE',
      'READ CAPACITY(16)',
      'REPORT LUNS',
      'REPORT TARGET PORT GROUPS',
    ]);
    const reads = /^(READ\(|READ DEFECT|VERIFY|PRE-FETCH|MODE SENSE|GET LBA|REPORT SUPPORTED)/;
    expect(named('read').filter((name) => !reads.test(name))).toEqual([]);
    const writes = /^(WRITE|ORWRITE|COMPARE|UNMAP|FORMAT|SYNCHRONIZE|MODE SELECT|EXTENDED|RECEIVE|SEND)/;
    expect(named('write').filter((name) => !writes.test(name))).toEqual([]);
  });
  test('data is really kept from strangers', async () => {
    await rig.volume.write(0, filled(1, 5));
    await setUp(EA);
    const read = await rig.run(cdbs[10](0x28, 0, 1), { by: c });
    const write = await rig.run(cdbs[10](0x2a, 0, 1), { by: b, out: filled(1, 6) });
    expect([read.status, read.data, write.status]).toEqual([conflict, undefined, conflict]);
    expect((await rig.bytesAt(0, 1)).equals(filled(1, 5))).toBe(true);
  });
});

describe('§5.12.11.4-§5.12.11.6 preempting and clearing', () => {
  test('CLEAR: everything goes, the others hear of it', async () => {
    await setUp(WE);
    expect(await out(b, 'clear', { key: keyB })).toBe(0);
    expect([await keys(), await held(), await generation()]).toEqual([[], undefined, 3]);
    expect([await attentions(a), await attentions(b)]).toEqual([['6/2a03'], []]);
  });
  test.each([WE, EA, WERO, EARO])(
    'PREEMPT of the holder, type %i: the reservation changes hands',
    async (type) => {
      await setUp(type);
      expect(await out(b, 'preempt', { key: keyB, actionKey: keyA, type: EA })).toBe(0);
      expect([await keys(), await held(), await generation()]).toEqual([[keyB], [keyB, EA], 3]);
      expect([await attentions(a), await attentions(b)]).toEqual([['6/2a05'], []]);
      expect(told(await rig.run(cdbs[10](0x2a, 0, 1), { by: a, out: filled(1, 1) }))).toBe(conflict);
    },
  );
  test('who stays registered hears when the type changes', async () => {
    await setUp(WERO);
    await out(c, 'register', { actionKey: keyC });
    await out(b, 'preempt', { key: keyB, actionKey: keyA, type: EA });
    expect([await attentions(a), await attentions(c)]).toEqual([['6/2a05'], ['6/2a04']]);
  });
  test('PREEMPT of somebody who holds nothing: only its registration goes', async () => {
    await setUp(WE);
    expect(await out(a, 'preempt', { key: keyA, actionKey: keyB, type: EA })).toBe(0);
    expect([await keys(), await held()]).toEqual([[keyA], [keyA, WE]]);
    expect(await attentions(b)).toEqual(['6/2a05']);
  });
  test('a key that nobody has; no key', async () => {
    await setUp(WE);
    expect(await out(b, 'preempt', { key: keyB, actionKey: keyC, type: WE })).toBe(conflict);
    expect(await out(b, 'preempt', { key: keyB, actionKey: 0, type: WE })).toBe('5/2600');
    expect([await keys(), await generation()]).toEqual([[keyA, keyB], 2]);
  });
  test('held by all registrants: no key means everybody else; a key means these registrations', async () => {
    await setUp(WEAR);
    await out(c, 'register', { actionKey: keyC });
    expect(await out(c, 'preempt', { key: keyC, actionKey: keyB, type: WE })).toBe(0);
    expect([await keys(), await held()]).toEqual([
      [keyA, keyC],
      [0, WEAR],
    ]);
    expect(await out(c, 'preempt', { key: keyC, actionKey: 0, type: WE })).toBe(0);
    expect([await keys(), await held()]).toEqual([[keyC], [keyC, WE]]);
  });
  test('one’s own key: the reservation becomes of another type, the registration stays', async () => {
    await setUp(WE);
    expect(await out(a, 'preempt', { key: keyA, actionKey: keyA, type: EARO })).toBe(0);
    expect([await keys(), await held()]).toEqual([
      [keyA, keyB],
      [keyA, EARO],
    ]);
  });
  test('PREEMPT AND ABORT ends the tasks of those it preempts, PREEMPT does not', async () => {
    await setUp(WE);
    await out(b, 'preempt', { key: keyB, actionKey: keyA, type: WE });
    expect(rig.ended).toEqual([]);
    await attentions(a);
    await out(a, 'register', { actionKey: keyA });
    await out(a, 'preemptAndAbort', { key: keyA, actionKey: keyB, type: EA });
    expect([rig.ended, await held()]).toEqual([[b.name], [keyA, EA]]);
  });
});

describe('§5.12.8 REGISTER AND MOVE', () => {
  const move = (
    by: Nexus,
    more: { key?: number; newKey?: number; flags?: number; port?: number; to?: Uint8Array } = {},
  ) => {
    const { key = keyA, newKey = keyC, flags = 0, port = 1, to = encodeTransportId(c.name) } = more;
    const bytes = [...u64(key), ...u64(newKey), 0, flags, 0, port, ...u32(to.byteLength), ...to];
    const cdb = [0x5f, action.move, 0, 0, 0, ...u32(bytes.length), 0];
    return rig.run(cdb, { by, out: Uint8Array.from(bytes) }).then(told);
  };
  test('the reservation goes over, the old holder stays registered or not', async () => {
    await setUp(WE);
    expect(await move(a)).toBe(0);
    expect([await keys(), await held()]).toEqual([
      [keyA, keyB, keyC],
      [keyC, WE],
    ]);
    expect(await move(c, { key: keyC, newKey: 9, flags: 2, to: encodeTransportId(b.name) })).toBe(0);
    expect([await keys(), await held()]).toEqual([
      [keyA, 9],
      [9, WE],
    ]);
  });
  test('only by the holder, with its key, of a reservation that one port holds, to another port of a name', async () => {
    await setUp(WE);
    expect([await move(b, { key: keyB }), await move(a, { key: keyB }), await move(c)]).toEqual([
      conflict,
      conflict,
      conflict,
    ]);
    expect(await move(a, { newKey: 0 })).toBe('5/2600');
    expect(await move(a, { to: encodeTransportId(a.name) })).toBe('5/2600');
    expect(await move(a, { port: 2 })).toBe('5/2600');
    expect(await move(a, { to: Uint8Array.from([0x05, 0, 0, 20, ...new Uint8Array(20).fill(65)]) })).toBe(
      '5/2600',
    );
    await out(a, 'release', { key: keyA, type: WE });
    expect(await move(a)).toBe('5/2400');
    await out(a, 'reserve', { key: keyA, type: WEAR });
    expect(await move(a)).toBe(conflict);
  });
});

describe('§6.15 PERSISTENT RESERVE IN', () => {
  test('READ FULL STATUS names every port, its key, and who holds', async () => {
    await out(a, 'register', { actionKey: keyA, flags: 4 });
    await out(b, 'register', { actionKey: keyB });
    await out(b, 'reserve', { key: keyB, type: EARO });
    const data = await reserveIn(3);
    const ports: unknown[] = [];
    const view = new DataView(data.buffer, data.byteOffset);
    for (let at = 8; at < data.byteLength; at += 24 + view.getUint32(at + 20)) {
      const name = decodeTransportId(data.subarray(at + 24))?.id;
      ports.push([
        Number(view.getBigUint64(at)),
        data[at + 12],
        data[at + 13],
        view.getUint16(at + 18),
        name,
      ]);
    }
    expect(ports).toEqual([
      [keyA, 2, 0, 1, { names: 'port', port: a.name }],
      [keyB, 1, EARO, 1, { names: 'port', port: b.name }],
    ]);
    expect(view.getUint32(4)).toBe(data.byteLength - 8);
  });
  test('REPORT CAPABILITIES: all types, others’ ports, persistence where the volume can', async () => {
    expect([...(await reserveIn(2))]).toEqual([0, 8, 0x1d, 0x80, 0xea, 0x01, 0, 0]);
    await out(a, 'register', { actionKey: keyA, flags: 1 });
    expect((await reserveIn(2))[3]).toBe(0x81);
  });
  test('an allocation length cuts; an unknown service action is refused', async () => {
    await setUp(WE);
    expect((await rig.run([0x5e, 0, 0, 0, 0, 0, 0, 0, 12, 0])).data?.byteLength).toBe(12);
    expect(told(await rig.run([0x5e, 4, 0, 0, 0, 0, 0, 0, 12, 0]))).toBe('5/2400');
    expect(told(await rig.run([0x5f, 8, 0, 0, 0, 0, 0, 0, 24, 0]))).toBe('5/2400');
  });
});

describe('§5.12.5 what survives the target (APTPL)', () => {
  const nextTarget = () => {
    const unit = new LogicalUnit(rig.volume, iqn, () => Promise.resolve());
    return { unit, of: unit.reservations };
  };
  test('registrations and reservation, with APTPL; the generation begins again', async () => {
    await out(a, 'register', { actionKey: keyA, flags: 1 });
    await out(b, 'register', { actionKey: keyB, flags: 1 });
    await out(a, 'reserve', { key: keyA, type: WERO });
    const { registrations, reservation, generation: count, persistent } = nextTarget().of;
    expect([...registrations].map(([port, { key }]) => [port, Number(key)])).toEqual([
      [a.name, keyA],
      [b.name, keyB],
    ]);
    expect([reservation, count, persistent]).toEqual([{ type: WERO, holder: a.name }, 0, true]);
  });
  test('nothing without it, and nothing any more when the newest registration is without it', async () => {
    await setUp(WE);
    expect(nextTarget().of.registrations.size).toBe(0);
    await out(a, 'register', { key: keyA, actionKey: keyA, flags: 1 });
    expect(nextTarget().of.registrations.size).toBe(2);
    await out(b, 'register', { key: keyB, actionKey: keyB });
    expect(nextTarget().of.registrations.size).toBe(0);
  });
  test('a stranger is still kept out by the next target', async () => {
    await out(a, 'register', { actionKey: keyA, flags: 1 });
    await out(a, 'reserve', { key: keyA, type: EA });
    const { unit } = nextTarget();
    const nexus = unit.attach(c.name);
    nexus.take();
    const cdb = new Uint8Array(16);
    cdb.set(cdbs[10](0x28, 0, 1));
    const request = {
      lun: 0,
      cdb,
      attribute: 1,
      dataOut: new Uint8Array(0),
      roomBytes: 512,
      isAborted: () => false,
    };
    expect((await unit.execute(nexus, request)).status).toBe(conflict);
  });
  test('what the volume does not keep has not happened', async () => {
    await out(a, 'register', { actionKey: keyA, flags: 1 });
    rig.volume.failNext('busy');
    expect(await out(a, 'reserve', { key: keyA, type: EA })).toBe(8);
    expect([await held(), nextTarget().of.reservation]).toEqual([undefined, undefined]);
    expect(await out(a, 'reserve', { key: keyA, type: EA })).toBe(0);
    expect(nextTarget().of.reservation).toEqual({ type: EA, holder: a.name });
  });
  test('a volume that can not remember refuses APTPL', async () => {
    Object.defineProperty(rig.volume, 'remember', { value: undefined });
    expect(await out(a, 'register', { actionKey: keyA, flags: 1 })).toBe('5/2600');
    expect((await reserveIn(2))[2]! & 1).toBe(0);
  });
  test('reservations of a later release are not served over', async () => {
    await rig.volume.remember('reservations', '{"version":2}');
    expect(nextTarget).toThrow(/later|release/);
  });
  test('a reset, and the loss of a nexus, leave reservations alone', async () => {
    await setUp(WE);
    rig.unit.reset();
    rig.unit.detach(a);
    expect(told(await rig.run(cdbs[10](0x2a, 0, 1), { by: b, out: filled(1, 1) }))).toBe('6/2903');
    expect(told(await rig.run(cdbs[10](0x2a, 0, 1), { by: b, out: filled(1, 1) }))).toBe(conflict);
    const again = rig.attach(a.name);
    expect(told(await rig.run(cdbs[10](0x2a, 0, 1), { by: again, out: filled(1, 1) }))).toBe(0);
  });
});

describe('§5.12.3 beside RESERVE(6) and RELEASE(6)', () => {
  test('who may do everything anyway is told that it may; all others conflict, also without a reservation', async () => {
    await setUp(WERO);
    for (const opcode of [0x16, 0x17])
      expect([
        told(await rig.run([opcode], { by: a })),
        told(await rig.run([opcode], { by: b })),
        told(await rig.run([opcode], { by: c })),
      ]).toEqual([0, 0, conflict]);
    expect(rig.unit.reservedBy).toBeUndefined();
    await out(a, 'release', { key: keyA, type: WERO });
    await attentions(b);
    expect([told(await rig.run([0x16], { by: a })), told(await rig.run([0x17], { by: b }))]).toEqual([
      conflict,
      conflict,
    ]);
  });
  test('a unit that is reserved the old way has no persistent reservations, not even for its holder', async () => {
    await rig.run([0x16], { by: a });
    expect([
      await out(a, 'register', { actionKey: keyA }),
      await out(b, 'register', { actionKey: keyB }),
    ]).toEqual([conflict, conflict]);
    expect(told(await rig.run([0x5e, 0, 0, 0, 0, 0, 0, 0, 8, 0], { by: a }))).toBe(conflict);
  });
});

describe('§7.6.4.6 TransportIDs', () => {
  test.each(['iqn.a,i,0x000000000001', `iqn.${'x'.repeat(200)},i,0xffffffffffff`])('%s', (port) => {
    const id = encodeTransportId(port);
    expect([id.byteLength % 4, id.byteLength >= 24]).toEqual([0, true]);
    expect(decodeTransportId(id)).toEqual({ id: { names: 'port', port }, lengthBytes: id.byteLength });
  });
  test.each([
    ['another protocol', (id: Uint8Array) => (id[0] = 0x46)],
    ['another format', (id: Uint8Array) => (id[0] = 0x85)],
    ['longer than it is', (id: Uint8Array) => (id[3] = 0xfc)],
    ['no multiple of four', (id: Uint8Array) => (id[3] = 21)],
    ['no end', (id: Uint8Array) => id.fill(65, 4)],
    ['no name', (id: Uint8Array) => (id[4] = 0)],
    ['no ISID', (id: Uint8Array) => id.fill(0, 8)],
  ])('refused: %s', (_what, spoil) => {
    const id = encodeTransportId('iqn.a,i,0x000000000001');
    spoil(id);
    expect(decodeTransportId(id)).toBeUndefined();
  });
});
