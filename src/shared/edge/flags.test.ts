import { expect, test } from '@jest/globals';
import { helpOf, parseCount, parseFlags } from './flags.ts';

const command = {
  name: 'caskade local verify',
  does: 'Compares replicas.',
  operands: ['NAME'],
  flags: {
    dir: { value: 'D', does: 'folder of the volume', required: true },
    out: { value: 'FILE', does: 'where to' },
    json: { does: 'for programs' },
  },
} as const;

// prettier-ignore
test.each([
  [['n', '--dir', '/d'],                     { dir: '/d', out: undefined, json: false }],
  [['--dir=/d', 'n', '--json'],              { dir: '/d', out: undefined, json: true }],
  [['--dir', '/d', '--out', '-', '--', 'n'], { dir: '/d', out: '-', json: false }],
])('%j', (argv, flags) => {
  expect(parseFlags(command, argv)).toEqual({ flags, operands: ['n'] });
});

// prettier-ignore
test.each([
  [[],                                  'NAME is missing: see caskade local verify --help'],
  [['n'],                               'option --dir is missing: give --dir D'],
  [['n', 'm', '--dir', 'd'],            'argument m is one too many'],
  [['n', '--dir'],                      'option --dir has no value: give --dir D'],
  [['n', '--dir='],                     'option --dir has no value: give --dir D'],
  [['n', '--dir', 'd', '--dir', 'e'],   'option --dir stands twice: give it once'],
  [['n', '--dri', 'd'],                 'option --dri is unknown: see caskade local verify --help'],
  [['n', '--constructor', 'd'],         'option --constructor is unknown'],
  [['n', '--dir', 'd', '--json=yes'],   'option --json yes: it takes no value, leave it out'],
])('%j is refused', (argv, message) => {
  expect(() => parseFlags(command, argv)).toThrow(message);
});

test('--help wins over what is missing', () => {
  expect(parseFlags(command, ['--help'])).toBeUndefined();
  expect(helpOf(command)).toBe(
    [
      'usage: caskade local verify NAME [OPTIONS]',
      'Compares replicas.',
      '  --dir D     folder of the volume (required)',
      '  --out FILE  where to',
      '  --json      for programs',
    ].join('\n'),
  );
});

test.each(['0', '6', 'x', '', '1.5', '-1', '1e0'])('a count of %j is out of 1 to 5', (text) => {
  expect(() => parseCount('--replicas', text, 1, 5)).toThrow(`--replicas ${text} is out of range`);
});
