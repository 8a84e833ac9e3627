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
  flags: { config },
} as const satisfies Command<Flags>;

export const growCommand = {
  name: 'caskade pool grow',
  does: 'Takes in what the devices have grown by.',
  flags: { config },
} as const satisfies Command<Flags>;

const names = ['status', 'create', 'replace', 'scrub', 'grow'] as const;
export type OnlineCommand = (typeof names)[number];
export const isOnlineCommand = (name: string): name is OnlineCommand => names.some((known) => known === name);
