/** Whether all that the space keeps agrees with itself: the invariants, looked up one by one (slow; for tests and checks). */
import { stateCode } from './segments.ts';
import type { SpaceTable } from './space-table.ts';

const offsets = new Uint8Array(256);

/** Answers what is wrong, in words; nothing when all is well. */
export function auditSpace(table: SpaceTable): readonly string[] {
  const { segments, units } = table;
  const wrong: string[] = [];
  let busy = 0;
  let live = 0;
  for (let id = 0; id < segments.ids; id++) {
    if (segments.state[id] === stateCode.absent) continue;
    auditSegment(table, id, wrong);
    busy += segments.used[id] ?? 0;
    for (let unit = 0; unit < segments.spaceOf(id).dataUnits; unit++)
      if (units.count(id, unit) > units.pendingCount(id, unit)) live++;
  }
  if (busy !== units.busyUnits) wrong.push(`${busy} units are busy, ${units.busyUnits} counted`);
  if (live !== units.liveUnits) wrong.push(`${live} units are live, ${units.liveUnits} counted`);
  for (const { group, inState } of segments.groups)
    for (const [state, counted] of inState.entries()) {
      let found = 0;
      for (let segment = 0; segment < group.segments; segment++)
        if (segments.state[segments.id(group.index, segment)] === state) found++;
      if (found !== counted && state !== stateCode.absent)
        wrong.push(`${found} segments of group ${group.index} are in state ${state}, ${counted} counted`);
    }
  for (const id of table.held)
    if (segments.state[id] !== stateCode.held) wrong.push(`${name(table, id)} waits and is not held`);
  return wrong;
}

function auditSegment(table: SpaceTable, id: number, wrong: string[]): void {
  const { segments, units, batches } = table;
  const { dataUnits } = segments.spaceOf(id);
  const state = segments.state[id] ?? 0;
  const where = name(table, id);
  const owner = new Int32Array(dataUnits).fill(-1);
  for (let piece = 0; piece < batches.pieces(id); piece++) {
    const batch = batches.numberAt(id, piece);
    const base = batches.baseAt(id, piece);
    const count = batches.unitsAt(id, piece);
    for (let unit = base; unit < base + count; unit++) {
      if (unit >= dataUnits) wrong.push(`batch ${batch} leads out of ${where}`);
      if (owner[unit] !== -1) wrong.push(`unit ${unit} of ${where} has two batches`);
      owner[unit] = piece;
    }
    auditPresence(table, id, piece, wrong);
    if (!table.isGrowing(id, piece) && !units.anyBusy(id, base, count))
      wrong.push(`batch ${batch} is dead and not forgotten`);
  }
  let used = 0;
  let pending = 0;
  for (let unit = 0; unit < dataUnits; unit++) {
    pending += units.pendingCount(id, unit);
    if (units.count(id, unit) < units.pendingCount(id, unit))
      wrong.push(`unit ${unit} of ${where} has more pending than blocks`);
    if (!units.isBusy(id, unit)) continue;
    used++;
    if (owner[unit] === -1) wrong.push(`unit ${unit} of ${where} is busy in no batch`);
  }
  if (used !== segments.used[id])
    wrong.push(`${where} has ${used} units in use, ${segments.used[id]} counted`);
  if (pending !== units.pendingBlocks(id)) wrong.push(`${where} has ${pending} pending blocks`);
  const mayBeUsed = state === stateCode.open || state === stateCode.closed;
  if (!mayBeUsed && (used > 0 || batches.pieces(id) > 0)) wrong.push(`${where} has names in state ${state}`);
}

function auditPresence({ batches }: SpaceTable, id: number, piece: number, wrong: string[]): void {
  const batch = batches.numberAt(id, piece);
  const count = batches.unitsAt(id, piece);
  const wasMoved = batches.wasMoved(id, piece);
  if (wasMoved) batches.listAt(id, piece, offsets);
  for (let rank = 0; rank < count; rank++) {
    const unit = wasMoved ? (offsets[rank] ?? 0) : rank;
    const found = batches.locateUnit(batch, unit);
    if (batches.foundSegment !== id || batches.foundPiece !== piece)
      wrong.push(`unit ${unit} of batch ${batch} is found elsewhere`);
    if (found !== batches.baseAt(id, piece) + rank)
      wrong.push(`unit ${unit} of batch ${batch} is not at rank ${rank}`);
  }
}

const name = ({ segments }: SpaceTable, id: number): string =>
  `segment ${segments.numberOf(id)} of group ${segments.groupIndexOf(id)}`;
