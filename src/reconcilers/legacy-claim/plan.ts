/**
 * The provisioner of legacy classes. Claim, config and volume share one name, `pvc-<uid of the claim>`, so that whatever
 * is looked at first leads to the same work.
 *
 *   claim ──▶ CStorVolumeConfig ──Bound──▶ PersistentVolume ──claim deleted: Released──▶ config deleted ──gone──▶ volume deleted
 */
export interface Observed {
  /** The claim of that uid; undefined: gone. */
  readonly claim: { readonly deleting: boolean; readonly wantsVolume: boolean } | undefined;
  readonly config:
    | {
        readonly deleting: boolean;
        readonly bound: boolean;
        readonly ours: boolean;
        readonly retain: boolean;
        readonly problem: string;
      }
    | undefined;
  readonly volume:
    | {
        readonly released: boolean;
        readonly ours: boolean;
        readonly retain: boolean;
        readonly deleting: boolean;
      }
    | undefined;
}

export type Action = 'createConfig' | 'createVolume' | 'deleteConfig' | 'deleteVolume';

export interface Plan {
  readonly action: Action | undefined;
  /** What the claim's owner should hear. */
  readonly problem: string;
}

const act = (action: Action): Plan => ({ action, problem: '' });
const nothing: Plan = { action: undefined, problem: '' };

/** Called for claims whose checks hold; a claim that is refused, is not `wantsVolume`. */
export function plan({ claim, config, volume }: Observed): Plan {
  if (volume !== undefined) {
    if (!volume.ours || !volume.released || volume.retain) return nothing;
    if (config !== undefined) return config.deleting ? nothing : act('deleteConfig');
    return volume.deleting ? nothing : act('deleteVolume');
  }
  if (claim?.wantsVolume === true && !claim.deleting) {
    if (config === undefined) return act('createConfig');
    if (config.deleting)
      return { action: undefined, problem: 'waits until the former volume of this name is gone' };
    return config.bound ? act('createVolume') : { action: undefined, problem: config.problem };
  }
  // Nobody asks for it any more, and it never became, or is no longer, a volume that somebody could use.
  const abandoned = claim === undefined || claim.deleting;
  if (abandoned && config?.ours === true && !config.retain && !config.deleting) return act('deleteConfig');
  return nothing;
}
