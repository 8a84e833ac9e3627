/** Command lines for pools that no daemon has open. */
import type { Command, Flags } from '../../shared/edge/flags.ts';

const rest = 'DEVICE';

export const checkCommand = {
  name: 'caskade pool check',
  does: [
    'Reads all of the pool on these devices and says what is wrong; writes nothing. Exit status 1 when anything is.',
    'The pool must not be open. What the log holds behind the newest root is not looked at: import replays it.',
  ].join('\n'),
  rest,
  flags: {
    without: { does: 'go on without devices that are missing, though they may have newer data' },
    'before-root': { value: 'N', does: 'look at the newest root that is older' },
    json: { does: 'one JSON object' },
  },
} as const satisfies Command<Flags>;

export const inspectCommand = {
  name: 'caskade pool inspect',
  does: 'Shows labels, roots, items, volumes and trees of the pool on these devices, or the way to one block; writes nothing.',
  rest,
  flags: {
    volume: { value: 'NAME', does: 'name or GUID of a volume, with --block' },
    block: { value: 'N', does: 'of 4096 bytes, from 0: every pointer on the way, and where its bytes lie' },
    snapshot: { value: 'NAME', does: 'the block as this snapshot has it' },
    without: { does: 'go on without devices that are missing' },
    'before-root': { value: 'N', does: 'look at the newest root that is older' },
  },
} as const satisfies Command<Flags>;

/** Of both commands that take a pool over. */
const takingOver = {
  without: { does: 'go on without devices that are missing, though they may have newer data' },
  'rewind-before': {
    value: 'N',
    does: 'go back to the newest root that is older; what came later is given up, replicas become newcomers',
  },
  confirm: {
    value: 'HOST',
    does: 'the machine that had the pool open and did not leave it in order is off, or sees these devices no more',
  },
} as const;

export const importCommand = {
  name: 'caskade pool import',
  does: [
    'Takes over the pool on these devices for this machine: replays its log, writes a clean root, and shows what is there.',
    'A daemon that is started here then has it. Waits for a silent owner of another machine first, and refuses one that is at work.',
  ].join('\n'),
  rest,
  flags: takingOver,
} as const satisfies Command<Flags>;

export const exportCommand = {
  name: 'caskade pool export',
  does: [
    'Imports the pool on these devices, replays its log, writes a clean root, and lets go of it: any node may open it then.',
    'Waits for a silent owner of another machine first, and refuses one that is at work.',
  ].join('\n'),
  rest,
  flags: takingOver,
} as const satisfies Command<Flags>;

const names = ['check', 'inspect', 'import', 'export'] as const;
export type OfflineCommand = (typeof names)[number];
export const isOfflineCommand = (name: string): name is OfflineCommand =>
  names.some((known) => known === name);
