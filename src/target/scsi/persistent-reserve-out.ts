/** PERSISTENT RESERVE OUT (SPC-4 §6.16): reads the parameter list and applies what reservation-state.ts says of it. */
import type { Cdb } from './cdb.ts';
import {
  clear,
  preempt,
  register,
  registerAndMove,
  release,
  reserve,
  type Outcome,
} from './reservation-actions.ts';
import {
  isReservationType,
  registrationsMax,
  type ReservationState,
  type ReservationType,
} from './reservation-state.ts';
import { badField, CheckCondition } from './sense.ts';
import { decodeTransportId } from './transport-id.ts';
import type { Run, ScsiCommand, Unit } from './unit.ts';

const listBytes = 24;
const badList = (byte: number) => new CheckCondition('invalidFieldInList', { field: { inCdb: false, byte } });

interface List {
  readonly key: bigint;
  readonly actionKey: bigint;
  /** Byte 20 of the basic list. */
  readonly flags: number;
  readonly view: DataView;
  readonly bytes: Uint8Array;
}

/** Lists are 24 bytes long, but for those that name ports. */
function listOf({ cdb, dataOut }: ScsiCommand, longer: boolean): List {
  const lengthBytes = cdb.u32(5);
  if (lengthBytes < listBytes || dataOut.byteLength < lengthBytes)
    throw new CheckCondition('parameterListLength');
  const bytes = dataOut.subarray(0, lengthBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [key, actionKey] = [view.getBigUint64(0), view.getBigUint64(8)];
  const flags = bytes[20] ?? 0;
  if (!longer && lengthBytes !== listBytes) throw new CheckCondition('parameterListLength');
  return { key, actionKey, flags, view, bytes };
}

/** The scope must be the whole unit. */
function typeOf(cdb: Cdb): ReservationType {
  const [scope, type] = [cdb.u8(2) >> 4, cdb.u8(2) & 0xf];
  if (scope !== 0) throw badField(2, 7);
  if (!isReservationType(type)) throw badField(2, 3);
  return type;
}

type Apply = (state: ReservationState, from: string) => Outcome;
const action =
  (applyOf: (unit: Unit, command: ScsiCommand) => Apply, abortsTasks = false): Run =>
  (unit, command) => {
    const apply = applyOf(unit, command);
    return unit.changeReservations(command.nexus, apply, { abortsTasks, transferBytes: command.cdb.u32(5) });
  };

/** APTPL asks for what the volume must be able to keep. */
function checkPersistent(unit: Unit, persistent: boolean, byte: number): void {
  if (persistent && unit.volume.remember === undefined) throw badList(byte);
}

const registering = (ignoresKey: boolean) =>
  action((unit, command) => {
    const list = listOf(command, true);
    const [specified, allPorts, persistent] = [8, 4, 1].map((bit) => (list.flags & bit) !== 0);
    if (specified !== true && list.bytes.byteLength !== listBytes)
      throw new CheckCondition('parameterListLength');
    if (specified === true && ignoresKey) throw badList(20);
    checkPersistent(unit, persistent === true, 20);
    const alsoFor = specified === true ? specifiedPorts(unit, command, list) : undefined;
    const request = {
      expectedKey: ignoresKey ? undefined : list.key,
      newKey: list.actionKey,
      allPorts: allPorts === true,
      persistent: persistent === true,
      alsoFor,
    };
    return (state, from) => register(state, from, request);
  });

/** The TransportIDs of SPEC_I_PT; one that names an initiator means its ports that are logged in now. */
function specifiedPorts(unit: Unit, { nexus }: ScsiCommand, { view, bytes }: List): readonly string[] {
  if (bytes.byteLength < listBytes + 4) throw new CheckCondition('parameterListLength');
  const idsBytes = view.getUint32(listBytes);
  if (listBytes + 4 + idsBytes > bytes.byteLength) throw new CheckCondition('parameterListLength');
  const ports = new Set<string>();
  const end = listBytes + 4 + idsBytes;
  for (let at = listBytes + 4; at < end;) {
    const decoded = decodeTransportId(bytes.subarray(at, end));
    if (decoded === undefined || ports.size > registrationsMax) throw badList(at);
    const { id } = decoded;
    if (id.names === 'port') ports.add(id.port);
    else for (const port of unit.portsOf(id.initiator)) ports.add(port);
    at += decoded.lengthBytes;
  }
  ports.delete(nexus.name);
  return [...ports];
}

const moving = action((unit, command) => {
  const { key, actionKey, view, bytes } = listOf(command, true);
  const flags = bytes[17] ?? 0;
  checkPersistent(unit, (flags & 1) !== 0, 17);
  if (view.getUint16(18) !== 1) throw badList(18);
  if (listBytes + view.getUint32(20) > bytes.byteLength) throw new CheckCondition('parameterListLength');
  const decoded = decodeTransportId(bytes.subarray(listBytes, listBytes + view.getUint32(20)));
  if (decoded?.id.names !== 'port') throw badList(listBytes);
  const to = decoded.id.port;
  const request = {
    key,
    newKey: actionKey,
    to,
    unregister: (flags & 2) !== 0,
    persistent: (flags & 1) !== 0,
  };
  return (state, from) => registerAndMove(state, from, request);
});

const preempting = (abortsTasks: boolean) =>
  action((_unit, command) => {
    const { key, actionKey } = listOf(command, false);
    const type = typeOf(command.cdb);
    return (state, from) => preempt(state, from, { key, victimKey: actionKey, type });
  }, abortsTasks);

/** By service action (table 214). */
export const persistentReserveOut = {
  register: registering(false),
  reserve: action((_unit, command) => {
    const { key } = listOf(command, false);
    const type = typeOf(command.cdb);
    return (state, from) => reserve(state, from, key, type);
  }),
  release: action((_unit, command) => {
    const { key } = listOf(command, false);
    const type = typeOf(command.cdb);
    return (state, from) => release(state, from, key, type);
  }),
  clear: action((_unit, command) => {
    const { key } = listOf(command, false);
    return (state, from) => clear(state, from, key);
  }),
  preempt: preempting(false),
  preemptAndAbort: preempting(true),
  registerAndIgnore: registering(true),
  registerAndMove: moving,
} as const;
