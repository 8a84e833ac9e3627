/**
 * A loss of acknowledged writes that were never flushed, declared by a recovery (R5), as a value of the volume: whoever kept
 * running over it has to hear of it, from a later target too.
 */
import type { Values } from './record.ts';

/** Of who may log in: a JSON array of names. */
export const initiatorsKey = 'initiators';
export const lossKey = 'loss';

export interface DeclaredLoss {
  /** Of the recovery that declared it. */
  readonly epoch: number;
  /** Initiators that could log in then, and have not been told. */
  readonly untold: readonly string[];
}

/** Who may log in, in these values of a volume; empty: nobody is named. */
export function granted(values: Values): readonly string[] {
  const value = values[initiatorsKey];
  return value === undefined ? [] : (JSON.parse(value) as string[]); // written by setInitiators only
}

/** Undefined: there was none, or everybody has been told. */
export function declaredLoss(values: Values): DeclaredLoss | undefined {
  const value = values[lossKey];
  const loss = value === undefined ? undefined : (JSON.parse(value) as DeclaredLoss); // written by encodeLoss only
  return loss?.untold.length === 0 ? undefined : loss;
}

export const encodeLoss = ({ epoch, untold }: DeclaredLoss): string => JSON.stringify({ epoch, untold });

/** What a recovery under this epoch notes behind its adopt entry; undefined: nobody is named who could be told. */
export function lossNoted(epoch: number, values: Values) {
  const untold = granted(values);
  return untold.length === 0
    ? undefined
    : ({ kind: 'state', key: lossKey, value: encodeLoss({ epoch, untold }) } as const);
}
