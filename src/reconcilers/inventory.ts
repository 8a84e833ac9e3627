/**
 * The annotation `cas.openebs.io/config` of StoragePoolClaims and legacy StorageClasses: a YAML list of name and
 * value (or enabled), inside a string.
 */
import { load } from 'js-yaml';

/** The user's annotation is wrong; the message names the entry and the remedy. */
export class CasConfigError extends Error {
  override readonly name = 'CasConfigError';
}

/** Settings by name; a later entry of one name wins. Unknown names are kept: who reads them decides. */
export type CasConfig = ReadonlyMap<string, string>;

export const casConfigAnnotation = 'cas.openebs.io/config';

/** Rejects what is no list of names; an absent or empty annotation has no settings. */
export function parseCasConfig(text: string | undefined): CasConfig {
  if (text === undefined || isBlank(text)) return new Map();
  const parsed = yaml(text, casConfigAnnotation);
  if (parsed === null || parsed === undefined) return new Map();
  if (!Array.isArray(parsed))
    throw new CasConfigError(
      `annotation ${casConfigAnnotation} is no list: write "- name: …" and "  value: …"`,
    );
  return new Map(
    parsed.map((entry: unknown, index) => {
      const { name, value, enabled } = asRecord(entry) ?? {};
      if (typeof name !== 'string')
        throw new CasConfigError(`annotation ${casConfigAnnotation}, entry ${index}: it has no name`);
      return [name, scalar(value ?? enabled)] as const;
    }),
  );
}

/** A setting whose value is YAML again, such as resource requests; undefined when it is not set. */
export function yamlSetting(config: CasConfig, name: string): unknown {
  const text = config.get(name);
  return text === undefined || isBlank(text) ? undefined : yaml(text, `${casConfigAnnotation}: ${name}`);
}

/** A map of amounts (`memory: 1Gi`), as in requests and limits of a Pod. */
export function amountsSetting(
  config: CasConfig,
  name: string,
): Readonly<Record<string, string>> | undefined {
  const value = yamlSetting(config, name);
  if (value === undefined || value === null) return undefined;
  const record = asRecord(value);
  if (record === undefined)
    throw new CasConfigError(`annotation ${casConfigAnnotation}: ${name} is no map: write "memory: 1Gi"`);
  return Object.fromEntries(Object.entries(record).map(([key, amount]) => [key, scalar(amount)]));
}

/** Tolerations: a list, or as cStor's users wrote it, a map of names to tolerations (`t1: {…}`). */
export function tolerationsSetting(config: CasConfig, name: string): readonly Toleration[] | undefined {
  const value = yamlSetting(config, name);
  if (value === undefined || value === null) return undefined;
  const list = Array.isArray(value) ? value : Object.values(asRecord(value) ?? {});
  return list.map((entry: unknown, index) => {
    const record = asRecord(entry);
    if (record === undefined)
      throw new CasConfigError(`annotation ${casConfigAnnotation}: ${name}, entry ${index} is no toleration`);
    const { tolerationSeconds, ...rest } = record;
    return {
      ...Object.fromEntries(Object.entries(rest).map(([key, field]) => [key, scalar(field)])),
      ...(typeof tolerationSeconds === 'number' ? { tolerationSeconds } : {}),
    };
  });
}

export interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

/** Nothing but comments. */
const isBlank = (text: string): boolean => text.replaceAll(/^\s*#.*$/gm, '').trim() === '';

function yaml(text: string, where: string): unknown {
  try {
    return load(text);
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new CasConfigError(`annotation ${where} is no YAML: ${why}`);
  }
}

const asRecord = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;

const scalar = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);
