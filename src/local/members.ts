/** Which members a local volume is to have after a command, and what is left to be done for it. */
import { membersMax } from '../replication/quorum.ts';
import { UsageError } from '../shared/exit-codes.ts';
import type { MembersChange } from './control.ts';
import { freePoolName, poolNames, type LocalState } from './home.ts';

export interface ChangeSeen {
  readonly done: boolean;
  /** Why it can not be made. */
  readonly failed?: string;
  readonly replicas: readonly string[];
}

export interface ChangePlan {
  /** Pool to be made. */
  readonly newcomer: string | undefined;
  /** Pool whose replica goes. */
  readonly leaving: string | undefined;
}

/** Throws UsageError for what can not be. */
export function planChange(state: LocalState, change: MembersChange, name: string): ChangePlan {
  const members = Object.keys(state.members);
  if (state.next) throw new UsageError('the members are being changed already: wait until that is done');
  if (change !== 'add' && !members.includes(name))
    throw new UsageError(`NAME ${name} is unknown: give one of ${members.join(', ')}`);
  if (change === 'add' && members.length >= membersMax)
    throw new UsageError(`the volume has ${membersMax} replicas, which is the most: remove or move one`);
  if (change === 'remove' && members.length === 1)
    throw new UsageError(`${name} holds the only replica: add another one first`);
  return {
    newcomer: change === 'remove' ? undefined : freePoolName(state),
    leaving: change === 'add' ? undefined : name,
  };
}

/** `guid`: of the newcomer. */
export function nextState(state: LocalState, plan: ChangePlan, guid: string): LocalState {
  const staying = Object.entries(state.members).filter(([pool]) => pool !== plan.leaving);
  const members = { ...Object.fromEntries(staying), ...(plan.newcomer ? { [plan.newcomer]: guid } : {}) };
  return { ...state, next: { version: (state.version ?? 1) + 1, members } };
}

/** The change is made. */
export function finishedState(state: LocalState): LocalState {
  const { next, forced: _over, ...rest } = state;
  if (!next) return state;
  const pools = Object.keys(next.members);
  return { ...rest, ...next, replicas: pools.length, pools };
}

/** What is left when the other members are given up for good (R36). */
export function forcedState(state: LocalState, survivors: readonly string[]): LocalState {
  const { next, ...rest } = state;
  const members = Object.entries(state.members).filter(([pool]) => survivors.includes(pool));
  return {
    ...rest,
    version: Math.max(state.version ?? 1, next?.version ?? 0) + 1,
    members: Object.fromEntries(members),
    forced: true,
    replicas: members.length,
    pools: members.map(([pool]) => pool),
  };
}

/** Pools in no record: of a change that had not begun when everything ended. */
export const strayPools = (state: LocalState): string[] =>
  poolNames(state).filter((pool) => !(pool in state.members) && !(pool in (state.next?.members ?? {})));
