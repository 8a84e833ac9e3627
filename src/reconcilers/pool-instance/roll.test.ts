import { expect, test } from '@jest/globals';
import { turnOf, type Neighbour, type Roll } from './roll.ts';

const neighbour = (name: string, secret: string, serves = true): Neighbour => ({ name, secret, serves });
const [before, after] = ['', 'links'];
/** Pool b of a, b, c, which share volume v, when the Secret is added. */
const roll = (change: Partial<Roll> = {}): Roll => ({
  name: 'b',
  mode: 'prefer',
  wanted: after,
  secret: before,
  isDown: false,
  neighbours: [neighbour('a', after), neighbour('c', before)],
  volumes: [{ name: 'v', behind: [] }],
  ...change,
});

// prettier-ignore
test.each<[string, Partial<Roll>, string, string]>([
  // when                                      what is else                                                         gets    and waits
  ['all before it are back',                   {},                                                                  after,  ''],
  ['it has it already',                        { secret: after, volumes: [{ name: 'v', behind: ['c'] }] },          after,  ''],
  ['it has no Deployment yet',                 { secret: undefined, volumes: [{ name: 'v', behind: ['c'] }] },      after,  ''],
  ['pods with and without are apart anyhow',   { mode: 'require', volumes: [{ name: 'v', behind: ['c'] }] },        after,  ''],
  ['its own pod serves nobody',                { isDown: true, volumes: [{ name: 'v', behind: ['c'] }] },           after,  ''],
  ['it shares no volume',                      { neighbours: [], volumes: [] },                                     after,  ''],
  ['one before has its turn',                  { neighbours: [neighbour('a', before)] },                            before, 'pool a is restarted before'],
  ['one before has not been heard of',         { neighbours: [neighbour('a', before, false)] },                     before, 'pool a is restarted before'],
  ['one behind has not been heard of',         { neighbours: [neighbour('c', before, false)] },                     after,  ''],
  ['one is being restarted',                   { neighbours: [neighbour('a', after, false)] },                      before, 'waits until pool a, which was restarted before, serves'],
  ['one behind it is being restarted',         { neighbours: [neighbour('c', after, false)] },                      before, 'waits until pool c, which was restarted before, serves'],
  ['a replica elsewhere is not in sync',       { volumes: [{ name: 'v', behind: [] }, { name: 'w', behind: ['a', 'c'] }] }, before, 'waits until the replicas of volume w on a, c are in sync'],
  ['a target does not say',                    { volumes: [{ name: 'v', behind: undefined }] },                     before, 'waits for the target of volume v, which does not answer'],
  ['it is taken away, and one has to wait',    { wanted: before, secret: after, neighbours: [neighbour('a', before, false)] }, after, 'waits until pool a, which was restarted before, serves'],
  ['it is taken away, and its turn has come',  { wanted: before, secret: after, neighbours: [neighbour('a', before)] }, before, ''],
])('a pool when %s', (_when, change, secret, waits) => {
  expect(turnOf(roll(change))).toEqual({ secret, waits: waits === '' ? undefined : waits });
});

/**
 * Pools a, b, c share a volume; those that start anew are back, and in sync, after some rounds in which all look. In the
 * first rounds nothing has been heard of any pool: the operator has just started, and the target was faster.
 */
function roundsOf(wanted: string, secret: string): readonly (readonly string[])[] {
  const roundsAway = 3;
  const roundsUnheard = 6;
  const pools = ['c', 'a', 'b'].map((name) => ({ name, secret, away: 0 }));
  const restarted: string[][] = [];
  for (let round = 0; round < 30; round++) {
    const seen = structuredClone(pools); // all look at what was before this round
    for (const pool of pools) {
      const others = seen.filter(({ name }) => name !== pool.name);
      const turn = turnOf({
        name: pool.name,
        mode: 'prefer',
        wanted,
        secret: pool.secret,
        isDown: false,
        neighbours: others.map((each) =>
          neighbour(each.name, each.secret, round >= roundsUnheard && each.away < 2),
        ),
        volumes: [{ name: 'v', behind: others.filter(({ away }) => away > 0).map(({ name }) => name) }],
      });
      pool.away = turn.secret === pool.secret ? Math.max(0, pool.away - 1) : roundsAway;
      pool.secret = turn.secret;
    }
    const away = pools.filter((each) => each.away === roundsAway).map(({ name }) => name);
    if (pools.filter((each) => each.away > 0).length > 1) throw new Error(`round ${round}: two are away`);
    if (away.length > 0) restarted.push(away);
  }
  return restarted;
}

test.each([
  ['comes', after, before],
  ['goes', before, after],
])('when the Secret %s, the pools of a volume start anew one by one, each once', (_what, wanted, secret) => {
  expect(roundsOf(wanted, secret)).toEqual([['a'], ['b'], ['c']]);
});
