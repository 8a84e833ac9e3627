/** Command lines that speak to the daemon of a pool, which its configuration file leads to. */
import type { Command, Flags } from '../../shared/edge/flags.ts';

const config = { value: 'FILE', does: 'configuration of the daemon', required: true } as const;
const overwrite = { value: 'NAMES', does: 'devices whose content may be destroyed, with commas' } as const;

export const statusCommand = {
  name: 'caskade pool status',
  does: 'Shows the pool, its devices, what is being copied, and the last scrub.',
  flags: { config, json: { does: 'one JSON object' } },
} as const satisfies Command<Flags>;

export const createCommand = {
  name: 'caskade pool create',
  does: 'Makes a pool of the devices of the configuration, which have to be blank.',
  flags: { config, overwrite },
} as const satisfies Command<Flags>;

export const replaceCommand = {
  name: 'caskade pool replace',
  does: 'Lets device NEW of the configuration take the place of OLD: it is copied to while the pool serves.',
  operands: ['OLD', 'NEW'],
  flags: { config, overwrite },
} as const satisfies Command<Flags>;

export const scrubCommand = {
  name: 'caskade pool scrub',
  does: 'Reads and mends everything: ACTION is start (goes on where pause stopped it), pause or stop.',
  operands: ['ACTION'],
  flags: {
    config,
    share: {
      value: 'PERCENT',
      does: 'with start: of the time that it may take beside users; as before without, 50 at first',
    },
  },
} as const satisfies Command<Flags>;

export const growCommand = {
  name: 'caskade pool grow',
  does: 'Takes in what the devices have grown by.',
  flags: { config },
} as const satisfies Command<Flags>;

export const removeLogCommand = {
  name: 'caskade pool remove-log',
  does: 'Takes log devices out of the pool, the whole list of each DEVICE; they may be pulled when this is answered.',
  rest: 'DEVICE',
  flags: { config },
} as const satisfies Command<Flags>;

export const compressionCommand = {
  name: 'caskade pool compression',
  does: 'Sets how the replica of VOLUME compresses what is written from now on: METHOD is off, lz4 or zstd.',
  operands: ['VOLUME', 'METHOD'],
  flags: {
    config,
    level: { value: 'N', does: 'of zstd, 1 to 19; 3 without' },
  },
} as const satisfies Command<Flags>;

export const cloneCommand = {
  name: 'caskade pool clone',
  does: 'Makes replica CLONE in constant time: what VOLUME holds now, or held at a retained number. It shares space until it is written to.',
  operands: ['VOLUME', 'CLONE'],
  flags: {
    config,
    snapshot: { value: 'NAME', does: 'as this snapshot has it' },
    number: { value: 'N', does: 'as of this write number, which a snapshot has to have' },
    'replica-id': { value: 'ID', does: 'of the new replica; r1 without' },
  },
} as const satisfies Command<Flags>;

export const sendCommand = {
  name: 'caskade pool send',
  does: [
    'Copies VOLUME into a replica of another pool that no target uses: all of it, or what was born after the number that it has there.',
    'Interrupted, it is run again.',
  ].join('\n'),
  operands: ['VOLUME'],
  flags: {
    config,
    to: { value: 'FILE', does: 'configuration of the other daemon', required: true },
    as: { value: 'NAME', does: 'name of the volume there; the same without' },
    snapshot: { value: 'NAME', does: 'as this snapshot has it, which is taken there, too' },
    'replica-id': { value: 'ID', does: 'of the replica, if it has to be made; r1 without' },
  },
} as const satisfies Command<Flags>;

const names = [
  'status',
  'create',
  'replace',
  'scrub',
  'grow',
  'remove-log',
  'compression',
  'clone',
  'send',
] as const;
export type OnlineCommand = (typeof names)[number];
export const isOnlineCommand = (name: string): name is OnlineCommand => names.some((known) => known === name);
