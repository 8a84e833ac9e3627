import { expect, test } from '@jest/globals';
import { isSamePool, turnOf, type Make, type Neighbour, type Roll } from './roll.ts';

const neighbour = (name: string, isMade: boolean, serves = true): Neighbour => ({ name, isMade, serves });
const before: Make = {
  image: 'caskade:1',
  imagePullPolicy: 'IfNotPresent',
  version: '1',
  replicationTlsSecret: '',
  poolSeccompProfile: 'RuntimeDefault',
};
const after: Make = { ...before, replicationTlsSecret: 'links' };
const newer: Make = { ...before, image: 'caskade:2', version: '2' };
/** Pool b of a, b, c, which share volume v, when the Secret is added. */
const roll = (change: Partial<Roll> = {}): Roll => ({
  name: 'b',
  mode: 'prefer',
  wanted: after,
  made: before,
  isDown: false,
  neighbours: [neighbour('a', true), neighbour('c', false)],
  volumes: [{ name: 'v', behind: [] }],
  ...change,
});
const cBehind = { volumes: [{ name: 'v', behind: ['c'] }] };
const waitsForC = 'waits until the replicas of volume v on c are in sync';

// prettier-ignore
test.each<[string, Partial<Roll>, Make, string]>([
  // when                                      what is else                                                         gets    and waits
  ['all before it are back',                   {},                                                                  after,  ''],
  ['it has it already',                        { made: after, ...cBehind },                                         after,  ''],
  ['it has no Deployment yet',                 { made: undefined, ...cBehind },                                     after,  ''],
  ['pods with and without are apart anyhow',   { mode: 'require', ...cBehind },                                     after,  ''],
  ['its own pod serves nobody',                { isDown: true, ...cBehind },                                        after,  ''],
  ['it shares no volume',                      { neighbours: [], volumes: [] },                                     after,  ''],
  ['one before has its turn',                  { neighbours: [neighbour('a', false)] },                             before, 'pool a is restarted before'],
  ['one before has not been heard of',         { neighbours: [neighbour('a', false, false)] },                      before, 'pool a is restarted before'],
  ['one behind has not been heard of',         { neighbours: [neighbour('c', false, false)] },                      after,  ''],
  ['one is being restarted',                   { neighbours: [neighbour('a', true, false)] },                       before, 'waits until pool a, which was restarted before, serves'],
  ['one behind it is being restarted',         { neighbours: [neighbour('c', true, false)] },                       before, 'waits until pool c, which was restarted before, serves'],
  ['a replica elsewhere is not in sync',       { volumes: [{ name: 'v', behind: [] }, { name: 'w', behind: ['a', 'c'] }] }, before, 'waits until the replicas of volume w on a, c are in sync'],
  ['a target does not say',                    { volumes: [{ name: 'v', behind: undefined }] },                     before, 'waits for the target of volume v, which does not answer'],
  ['it is taken away, and one has to wait',    { wanted: before, made: after, neighbours: [neighbour('a', true, false)] }, after, 'waits until pool a, which was restarted before, serves'],
  ['it is taken away, and its turn has come',  { wanted: before, made: after, neighbours: [neighbour('a', true)] }, before, ''],
  ['the image is another one, links apart',    { wanted: newer, mode: 'require', ...cBehind },                      before, waitsForC],
  ['its version is another one',               { wanted: { ...before, version: '2' }, ...cBehind },                 before, waitsForC],
  ['images are to be fetched in another way',  { wanted: { ...before, imagePullPolicy: 'Always' }, ...cBehind },    before, waitsForC],
  ['its seccomp profile is another one',       { wanted: { ...before, poolSeccompProfile: 'Unconfined' }, ...cBehind }, before, waitsForC],
  ['the image comes, and its turn has come',   { wanted: newer },                                                   newer,  ''],
])('a pool when %s', (_when, change, make, waits) => {
  expect(turnOf(roll(change))).toEqual({ make, waits: waits === '' ? undefined : waits });
});

/**
 * Pools a, b, c share a volume; those that start anew are back, and in sync, after some rounds in which all look. In the
 * first rounds nothing has been heard of any pool: the operator has just started, and the target was faster.
 */
function roundsOf(wanted: Make, made: Make, mode: Roll['mode']): readonly (readonly string[])[] {
  const roundsAway = 3;
  const roundsUnheard = 6;
  const pools = ['c', 'a', 'b'].map((name) => ({ name, made, away: 0 }));
  const restarted: string[][] = [];
  for (let round = 0; round < 30; round++) {
    const seen = structuredClone(pools); // all look at what was before this round
    for (const pool of pools) {
      const others = seen.filter(({ name }) => name !== pool.name);
      const turn = turnOf({
        name: pool.name,
        mode,
        wanted,
        made: pool.made,
        isDown: false,
        neighbours: others.map((each) =>
          neighbour(each.name, isSamePool(each.made, wanted), round >= roundsUnheard && each.away < 2),
        ),
        volumes: [{ name: 'v', behind: others.filter(({ away }) => away > 0).map(({ name }) => name) }],
      });
      pool.away = isSamePool(turn.make, pool.made) ? Math.max(0, pool.away - 1) : roundsAway;
      pool.made = turn.make;
    }
    const away = pools.filter((each) => each.away === roundsAway).map(({ name }) => name);
    if (pools.filter((each) => each.away > 0).length > 1) throw new Error(`round ${round}: two are away`);
    if (away.length > 0) restarted.push(away);
  }
  return restarted;
}

test.each<[string, Make, Make, Roll['mode']]>([
  ['the Secret comes', after, before, 'prefer'],
  ['the Secret goes', before, after, 'prefer'],
  ['the image is another one', newer, before, 'require'],
])('when %s, the pools of a volume start anew one by one, each once', (_what, wanted, made, mode) => {
  expect(roundsOf(wanted, made, mode)).toEqual([['a'], ['b'], ['c']]);
});
