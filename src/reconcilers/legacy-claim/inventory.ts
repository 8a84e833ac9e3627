/** A legacy StorageClass as the planner sees it: `cas.openebs.io/config` parsed, defaults filled in. */
import { annotations } from '../../api/names.ts';
import {
  amountsSetting,
  CasConfigError,
  parseCasConfig,
  tolerationsSetting,
  yamlSetting,
  type Toleration,
} from '../inventory.ts';

export interface ClassSettings {
  /** Name of the StoragePoolClaim, and so of the CStorPoolCluster; empty: none is named. */
  readonly poolClaim: string;
  readonly replicaCount: number;
  readonly fsType: string;
  readonly target: TargetSettings;
  readonly zvolWorkers: string | undefined;
}

export interface TargetSettings {
  readonly requests: Readonly<Record<string, string>> | undefined;
  readonly limits: Readonly<Record<string, string>> | undefined;
  readonly nodeSelector: Readonly<Record<string, string>> | undefined;
  readonly tolerations: readonly Toleration[] | undefined;
  readonly queueDepth: string | undefined;
  readonly luWorkers: number | undefined;
}

const replicaCountDefault = 3;

/** Throws CasConfigError. */
export function classSettings(classAnnotations: Readonly<Record<string, string>> | undefined): ClassSettings {
  const config = parseCasConfig(classAnnotations?.[annotations.casConfig]);
  const text = (name: string): string | undefined => {
    const value = config.get(name)?.trim();
    return value === '' ? undefined : value;
  };
  const number = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (!/^\d+$/.test(value))
      throw new CasConfigError(`annotation ${annotations.casConfig}: ${name} "${value}" is no whole number`);
    return Number(value);
  };
  return {
    poolClaim: text('StoragePoolClaim') ?? '',
    replicaCount: number('ReplicaCount') ?? replicaCountDefault,
    fsType: text('FSType') ?? 'ext4',
    zvolWorkers: text('ZvolWorkers'),
    target: {
      requests: amountsSetting(config, 'TargetResourceRequests'),
      limits: amountsSetting(config, 'TargetResourceLimits'),
      nodeSelector: nodeSelector(yamlSetting(config, 'TargetNodeSelector')),
      tolerations: tolerationsSetting(config, 'TargetTolerations'),
      queueDepth: text('QueueDepth'),
      luWorkers: number('Luworkers'),
    },
  };
}

function nodeSelector(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value))
    throw new CasConfigError(
      `annotation ${annotations.casConfig}: TargetNodeSelector is no map: write "kubernetes.io/hostname: node-1"`,
    );
  return Object.fromEntries(Object.entries(value).map(([key, label]) => [key, String(label)]));
}
