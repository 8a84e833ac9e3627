import { expect, test } from '@jest/globals';
import type { SharedMake } from '../pod-template.ts';
import type { Neighbour } from '../pool-instance/roll.ts';
import {
  isSameTarget,
  nextTargets,
  restartsMax,
  targetTurnOf,
  type TargetRoll,
  type TargetView,
} from './target-roll.ts';

const before: SharedMake = {
  image: 'caskade:1',
  imagePullPolicy: 'IfNotPresent',
  version: '1',
  replicationTlsSecret: '',
};
const newer: SharedMake = { ...before, image: 'caskade:2', version: '2' };
const secured: SharedMake = { ...before, replicationTlsSecret: 'links' };
const pool = (name: string, isMade = true, serves = true): Neighbour => ({ name, isMade, serves });
const roll = (change: Partial<TargetRoll> = {}): TargetRoll => ({
  volume: 'v',
  mode: 'prefer',
  wanted: newer,
  made: before,
  isDown: false,
  pools: [pool('a'), pool('b')],
  next: () => ['v'],
  ...change,
});
const aUnmade = { pools: [pool('a', false), pool('b')] };

// prettier-ignore
test.each<[string, Partial<TargetRoll>, SharedMake, string]>([
  // when                                       what is else                                            gets     and waits
  ['its pools are back, and its turn has come', {},                                                     newer,   ''],
  ['it is made so already',                     { made: newer, ...aUnmade },                            newer,   ''],
  ['it has no Deployment yet',                  { made: undefined, ...aUnmade },                        newer,   ''],
  ['none of its pods runs',                     { isDown: true, ...aUnmade },                           newer,   ''],
  ['a pool has yet to be restarted',            aUnmade,                                                before,  'pool a is restarted before'],
  ['a pool was restarted, and is not back',     { pools: [pool('a'), pool('b', true, false)] },         before,  'waits until pool b serves'],
  ['others have their turn',                    { next: () => ['t', 'u'] },                             before,  'targets of other volumes are restarted before: t, u'],
  ['the Secret comes, and pools have yet to',   { wanted: secured, ...aUnmade },                        before,  'pool a is restarted before'],
  ['ends with TLS and without are apart',       { wanted: secured, mode: 'require', ...aUnmade },       secured, ''],
  ['another image, TLS as it was',              { mode: 'require', ...aUnmade },                        before,  'pool a is restarted before'],
])('a target when %s', (_when, change, make, waits) => {
  expect(targetTurnOf(roll(change))).toEqual({ make, waits: waits === '' ? undefined : waits });
});

const target = (volume: string, is: 'old' | 'away' | 'back', pools = [pool('a')]): TargetView => ({
  volume,
  isMade: is !== 'old',
  serves: is !== 'away',
  pools,
});

// prettier-ignore
test.each<[string, readonly TargetView[], readonly string[]]>([
  ['none is back: one alone',               [target('b', 'old'), target('a', 'old'), target('c', 'old')],                       ['a']],
  ['the first is away: nobody else',        [target('b', 'old'), target('a', 'away'), target('c', 'old')],                      ['a']],
  ['one is back: a few more',               ['g', 'f', 'e', 'd', 'c', 'b'].map((name) => target(name, 'old')).concat(target('a', 'back')), ['b', 'c', 'd', 'e']],
  ['those that are away take their places', [target('a', 'back'), target('b', 'away'), ...['c', 'd', 'e', 'f'].map((name) => target(name, 'old'))], ['b', 'c', 'd', 'e']],
  ['a pool is not: it is passed over',      [target('a', 'old', [pool('x', false)]), target('b', 'old')],                       ['b']],
  ['a pool is away: it is passed over',     [target('a', 'away', [pool('x', true, false)]), target('b', 'old')],                ['b']],
  ['all are back',                          [target('a', 'back')],                                                              []],
])('whose turn it is when %s', (_when, targets, next) => {
  expect(nextTargets(targets)).toEqual(next);
});

/** Rounds in which all look, of targets that need some to come back; `broken`: with the new make nothing does. */
function roundsOf(count: number, broken: boolean): { readonly awayMax: number; readonly restarted: number } {
  const names = Array.from({ length: count }, (_, i) => `v${String(i).padStart(2, '0')}`);
  const targets = names.map((volume) => ({ volume, made: before, away: 0, restarts: 0 }));
  let awayMax = 0;
  for (let round = 0; round < 10 * count; round++) {
    const next = nextTargets(
      targets.map(({ volume, made, away }) => ({
        volume,
        isMade: isSameTarget(made, newer),
        serves: away === 0,
        pools: [pool('a')],
      })),
    );
    for (const each of targets) {
      const { volume, made } = each;
      const turn = targetTurnOf(roll({ volume, made, pools: [pool('a')], next: () => next }));
      if (isSameTarget(turn.make, made)) {
        each.away = broken && each.away > 0 ? 1 : Math.max(0, each.away - 1);
        continue;
      }
      each.made = turn.make;
      each.away = 1 + (each.volume.charCodeAt(2) % 3);
      each.restarts += 1;
    }
    awayMax = Math.max(awayMax, targets.filter(({ away }) => away > 0).length);
  }
  expect(targets.every(({ restarts }) => restarts <= 1)).toBe(true);
  return { awayMax, restarted: targets.filter(({ restarts }) => restarts === 1).length };
}

test('targets start anew a few at a time, each once', () => {
  expect(roundsOf(23, false)).toEqual({ awayMax: restartsMax, restarted: 23 });
});

test('a release that does not serve takes one volume', () => {
  expect(roundsOf(23, true)).toEqual({ awayMax: 1, restarted: 1 });
});
