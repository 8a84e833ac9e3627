/**
 * The service actions of PERSISTENT RESERVE OUT (SPC-4 §5.12.7-§5.12.11) as functions from a state to an outcome; nothing
 * here waits or remembers.
 */
import {
  isAllRegistrants,
  isHolder,
  isShared,
  registrationsMax,
  type ReservationState,
  type ReservationType,
} from './reservation-state.ts';
import type { Condition } from './sense.ts';

export interface Attention {
  readonly port: string;
  readonly condition: Condition;
}

export type Outcome =
  | { readonly kind: 'conflict' }
  | { readonly kind: 'refused'; readonly condition: Condition }
  | {
      readonly kind: 'done';
      readonly state: ReservationState;
      readonly attentions: readonly Attention[];
      /** Ports that lost their registration to a PREEMPT. */
      readonly preempted: readonly string[];
    };

const conflict: Outcome = { kind: 'conflict' };
const refused = (condition: Condition): Outcome => ({ kind: 'refused', condition });
const done = (
  state: ReservationState,
  attentions: readonly Attention[] = [],
  preempted: readonly string[] = [],
): Outcome => ({ kind: 'done', state, attentions, preempted });

const nextGeneration = (state: ReservationState) => (state.generation + 1) >>> 0;
const toOthers = (ports: Iterable<string>, from: string, condition: Condition): readonly Attention[] =>
  [...ports].filter((port) => port !== from).map((port) => ({ port, condition }));

export interface RegisterRequest {
  /** REGISTER: what the port is registered with, 0 when it is not. Undefined: REGISTER AND IGNORE EXISTING KEY. */
  readonly expectedKey: bigint | undefined;
  /** 0: takes the registration back. */
  readonly newKey: bigint;
  readonly allPorts: boolean;
  readonly persistent: boolean;
  /** SPEC_I_PT: other ports that get the key too. */
  readonly alsoFor: readonly string[] | undefined;
}

/** REGISTER, REGISTER AND IGNORE EXISTING KEY (§5.12.7, table 48 of REGISTER behaviors). */
export function register(state: ReservationState, from: string, request: RegisterRequest): Outcome {
  const { expectedKey, newKey, allPorts, persistent, alsoFor } = request;
  const present = state.registrations.get(from);
  if (expectedKey !== undefined && expectedKey !== (present?.key ?? 0n)) return conflict;
  if (
    alsoFor !== undefined &&
    (present !== undefined || alsoFor.some((port) => state.registrations.has(port)))
  )
    return refused('invalidFieldInList');
  const next = { ...state, generation: nextGeneration(state), persistent };
  if (newKey === 0n) return present === undefined ? done(next) : unregister(next, from);
  const registrations = new Map(state.registrations);
  for (const port of [from, ...(alsoFor ?? [])]) registrations.set(port, { key: newKey, allPorts });
  if (registrations.size > registrationsMax) return refused('tooManyRegistrations');
  return done({ ...next, registrations });
}

/** The holder's registration takes the reservation with it; the last one does where all hold it (§5.12.11.3). */
function unregister(state: ReservationState, from: string): Outcome {
  const registrations = new Map(state.registrations);
  registrations.delete(from);
  const { reservation } = state;
  const ends = reservation !== undefined && (reservation.holder === from || registrations.size === 0);
  if (!ends) return done({ ...state, registrations });
  const attentions = isShared(reservation.type)
    ? toOthers(registrations.keys(), from, 'reservationsReleased')
    : [];
  return done({ ...state, registrations, reservation: undefined }, attentions);
}

/** RESERVE (§5.12.9). */
export function reserve(state: ReservationState, from: string, key: bigint, type: ReservationType): Outcome {
  if (state.registrations.get(from)?.key !== key) return conflict;
  const { reservation } = state;
  if (reservation === undefined)
    return done({ ...state, reservation: { type, holder: isAllRegistrants(type) ? undefined : from } });
  return isHolder(state, from) && reservation.type === type ? done(state) : conflict;
}

/** RELEASE (§5.12.11.2). */
export function release(state: ReservationState, from: string, key: bigint, type: ReservationType): Outcome {
  if (state.registrations.get(from)?.key !== key) return conflict;
  const { reservation } = state;
  if (reservation === undefined || !isHolder(state, from)) return done(state);
  if (reservation.type !== type) return refused('invalidRelease');
  const attentions = isShared(type) ? toOthers(state.registrations.keys(), from, 'reservationsReleased') : [];
  return done({ ...state, reservation: undefined }, attentions);
}

/** CLEAR (§5.12.11.6). */
export function clear(state: ReservationState, from: string, key: bigint): Outcome {
  if (state.registrations.get(from)?.key !== key) return conflict;
  const attentions = toOthers(state.registrations.keys(), from, 'reservationsPreempted');
  const next = {
    ...state,
    generation: nextGeneration(state),
    registrations: new Map(),
    reservation: undefined,
  };
  return done(next, attentions);
}

export interface PreemptRequest {
  readonly key: bigint;
  /** Whose registrations go; 0 only where all registrants hold the reservation: everybody else's. */
  readonly victimKey: bigint;
  readonly type: ReservationType;
}

/** PREEMPT and PREEMPT AND ABORT (§5.12.11.4, §5.12.11.5); the tasks of `preempted` are the caller's to end. */
export function preempt(state: ReservationState, from: string, request: PreemptRequest): Outcome {
  const { key, victimKey, type } = request;
  if (state.registrations.get(from)?.key !== key) return conflict;
  const { reservation } = state;
  const heldByAll = reservation !== undefined && reservation.holder === undefined;
  if (victimKey === 0n && !heldByAll) return refused('invalidFieldInList');
  const matching = [...state.registrations].filter(
    ([, { key: each }]) => victimKey === 0n || each === victimKey,
  );
  if (matching.length === 0) return conflict;
  const preempted = matching.map(([port]) => port).filter((port) => port !== from);
  const registrations = new Map([...state.registrations].filter(([port]) => !preempted.includes(port)));
  const next = { ...state, generation: nextGeneration(state), registrations };
  const lost = toOthers(preempted, from, 'registrationsPreempted');
  const takes =
    reservation !== undefined &&
    (heldByAll ? victimKey === 0n : state.registrations.get(reservation.holder ?? '')?.key === victimKey);
  if (!takes) return done(next, lost, preempted);
  const taken = { type, holder: isAllRegistrants(type) ? undefined : from };
  // Those who stay registered hear of it when what they may do has changed.
  const changed =
    reservation.type === type ? [] : toOthers(registrations.keys(), from, 'reservationsReleased');
  return done({ ...next, reservation: taken }, [...lost, ...changed], preempted);
}

export interface MoveRequest {
  readonly key: bigint;
  readonly newKey: bigint;
  readonly to: string;
  readonly unregister: boolean;
  readonly persistent: boolean;
}

/** REGISTER AND MOVE (§5.12.8): the reservation goes to another port, which is registered with `newKey`. */
export function registerAndMove(state: ReservationState, from: string, request: MoveRequest): Outcome {
  const { key, newKey, to, persistent } = request;
  if (state.registrations.get(from)?.key !== key) return conflict;
  const { reservation } = state;
  if (reservation === undefined) return refused('invalidFieldInCdb');
  if (reservation.holder !== from) return conflict;
  if (newKey === 0n || to === from) return refused('invalidFieldInList');
  const registrations = new Map(state.registrations).set(to, { key: newKey, allPorts: false });
  if (request.unregister) registrations.delete(from);
  if (registrations.size > registrationsMax) return refused('tooManyRegistrations');
  return done({
    generation: nextGeneration(state),
    registrations,
    reservation: { ...reservation, holder: to },
    persistent,
  });
}
