import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ChapExchange, type ChapCredentials } from './chap.ts';
import { ChapFileError, parseChapFile } from './chap-file.ts';
import { LoginRefusal } from './errors.ts';

const credentials: ChapCredentials = {
  users: new Map([['joe', [{ secret: 'joe-secret', mutual: { user: 'tgt', secret: 'target-secret' } }]]]),
};
const challengeBytes = (bytes: number) => new Uint8Array(bytes).fill(0x5a);
const open = (given = credentials) => new ChapExchange(given, challengeBytes);

const responseTo = (hash: string, id: number, secret: string, challenge: Uint8Array) =>
  createHash(hash).update(Uint8Array.of(id)).update(secret).update(challenge).digest();
const hex = (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString('hex')}`;

function refusalOf(work: () => unknown): number | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof LoginRefusal) return error.status;
    throw error;
  }
}

describe('algorithms', () => {
  test.each([
    ['5', '5'],
    ['5,7', '5'],
    ['7,5', '7'],
    ['8,6,5', '5'],
  ])('of %s we take %s', (offer, taken) => {
    expect(open().challenge(offer)[0]).toEqual({ key: 'CHAP_A', value: taken });
  });
  test('none in common: authentication failure', () => {
    expect(refusalOf(() => open().challenge('6,8'))).toBe(0x0201);
  });
});

describe.each([
  ['5', 'md5', 16],
  ['7', 'sha256', 32],
] as const)('with CHAP_A=%s', (number, hash, bytes) => {
  const answerWith = (keys: Record<string, string>, given = credentials) => {
    const exchange = open(given);
    exchange.challenge(number);
    return exchange.answer(new Map(Object.entries(keys)));
  };
  const right = hex(responseTo(hash, 0x5a, 'joe-secret', challengeBytes(bytes)));

  test('the right secret gets in, in hexadecimal or base64', () => {
    expect(answerWith({ CHAP_N: 'joe', CHAP_R: right })).toEqual([]);
    const base64 = `0b${Buffer.from(right.slice(2), 'hex').toString('base64')}`;
    expect(answerWith({ CHAP_N: 'joe', CHAP_R: base64 })).toEqual([]);
  });

  test.each([
    [
      'a wrong secret',
      { CHAP_N: 'joe', CHAP_R: hex(responseTo(hash, 0x5a, 'jim-secret', challengeBytes(bytes))) },
    ],
    ['a wrong user', { CHAP_N: 'jim', CHAP_R: right }],
    [
      'an unknown user with the answer of no secret',
      { CHAP_N: 'jim', CHAP_R: hex(responseTo(hash, 0x5a, '', challengeBytes(bytes))) },
    ],
    ['no user', { CHAP_R: right }],
    ['no answer', { CHAP_N: 'joe' }],
    ['an answer that is no number', { CHAP_N: 'joe', CHAP_R: 'joe-secret' }],
    ['a short answer', { CHAP_N: 'joe', CHAP_R: right.slice(0, -2) }],
  ])('%s does not', (_what, keys) => {
    expect(refusalOf(() => answerWith(keys))).toBe(0x0201);
  });

  test('asked in return, the target proves itself', () => {
    const challenge = Uint8Array.of(1, 2, 3, 4);
    expect(answerWith({ CHAP_N: 'joe', CHAP_R: right, CHAP_I: '9', CHAP_C: hex(challenge) })).toEqual([
      { key: 'CHAP_N', value: 'tgt' },
      { key: 'CHAP_R', value: hex(responseTo(hash, 9, 'target-secret', challenge)) },
    ]);
  });

  test.each([
    ['our own challenge', { CHAP_I: '9', CHAP_C: hex(challengeBytes(bytes)) }],
    ['no identifier', { CHAP_C: '0x01' }],
    ['identifier 256', { CHAP_I: '256', CHAP_C: '0x01' }],
    ['an empty challenge', { CHAP_I: '9', CHAP_C: '0x' }],
    ['a huge challenge', { CHAP_I: '9', CHAP_C: `0x${'01'.repeat(1025)}` }],
  ])('it answers no question with %s', (_what, keys) => {
    expect(refusalOf(() => answerWith({ CHAP_N: 'joe', CHAP_R: right, ...keys }))).toBe(0x0201);
  });

  test('without a mutual secret there is no answer to give', () => {
    const keys = { CHAP_N: 'joe', CHAP_R: right, CHAP_I: '9', CHAP_C: '0x01' };
    expect(refusalOf(() => answerWith(keys, { users: new Map([['joe', [{ secret: 'joe-secret' }]]]) }))).toBe(
      0x0201,
    );
  });
});

test('an answer without a question is a mistake of the initiator', () => {
  expect(refusalOf(() => open().answer(new Map([['CHAP_R', '0x00']])))).toBe(0x0200);
});

describe('the file of secrets', () => {
  test('users, a mutual line, comments', () => {
    const parsed = parseChapFile(
      '# who may\njoe joe-secret\n\njim  jim-secret \r\nmutual tgt target-secret\n',
    );
    const mutual = { user: 'tgt', secret: 'target-secret' };
    expect([...parsed.users]).toEqual([
      ['joe', [{ secret: 'joe-secret', mutual }]],
      ['jim', [{ secret: 'jim-secret', mutual }]],
    ]);
  });

  test('several secrets of one user: any of them is right, none of somebody else’s', () => {
    const { users } = parseChapFile('joe old-secret\njoe new-secret\njim jim-secret\n');
    const accepts = (secret: string) => {
      const exchange = new ChapExchange({ users }, (bytes) => new Uint8Array(bytes).fill(3));
      exchange.challenge('5');
      const challenge = Buffer.alloc(16, 3);
      const response = createHash('md5')
        .update(Uint8Array.of(3))
        .update(secret)
        .update(challenge)
        .digest('hex');
      return refusalOf(() =>
        exchange.answer(
          new Map([
            ['CHAP_N', 'joe'],
            ['CHAP_R', `0x${response}`],
          ]),
        ),
      );
    };
    expect(['old-secret', 'new-secret', 'jim-secret', ''].map(accepts)).toEqual([
      undefined,
      undefined,
      0x0201,
      0x0201,
    ]);
  });

  test('several mutual secrets: the initiator’s own tells which one it expects', () => {
    const { users } = parseChapFile(`joe old-joe
mutual tgt old-target
jim jim-secret
mutual tgt new-target
joe new-joe
`);
    const proofFor = (user: string, secret: string) => {
      const exchange = new ChapExchange({ users }, challengeBytes);
      exchange.challenge('7');
      const keys = {
        CHAP_N: user,
        CHAP_R: hex(responseTo('sha256', 0x5a, secret, challengeBytes(32))),
        CHAP_I: '1',
        CHAP_C: '0x010203',
      };
      return exchange.answer(new Map(Object.entries(keys))).find(({ key }) => key === 'CHAP_R')?.value;
    };
    const proof = (secret: string) => hex(responseTo('sha256', 1, secret, Uint8Array.of(1, 2, 3)));
    expect(proofFor('joe', 'old-joe')).toBe(proof('old-target'));
    expect(proofFor('joe', 'new-joe')).toBe(proof('new-target'));
    expect(proofFor('jim', 'jim-secret')).toBe(proof('old-target'));
  });

  // what is wrong → what the message names; never the secret
  test.each([
    ['joe\n', 'line 1'],
    ['joe s3cr3t more\n', 'line 1'],
    ['joe s3cr3t\n'.repeat(2), 'line 2: user joe'],
    ['joe s3cr3t1\njoe s3cr3t2\njoe s3cr3t3\njoe s3cr3t4\njoe s3cr3t5\n', 'line 5: user joe'],
    ['# nobody\n', 'no user'],
    ['mutual tgt s3cr3t\n', 'no user'],
    [`joe s3cr3t\n${[1, 2, 3, 4, 5].map((n) => `mutual a s3cr3t${n}`).join('\n')}\n`, 'line 6'],
    ['joe s3cr3t1\nmutual a s3cr3t2\nmutual b s3cr3t1\n', 'must differ'],
    ['joe s3cr3t\nmutual tgt s3cr3t\n', 'must differ'],
  ])('%j is refused and the message tells %s', (text, told) => {
    const message = (() => {
      try {
        return String(parseChapFile(text).users.size);
      } catch (error) {
        return error instanceof ChapFileError ? error.message : 'another error';
      }
    })();
    expect(message).toContain(told);
    expect(message).not.toContain('s3cr3t');
  });
});
