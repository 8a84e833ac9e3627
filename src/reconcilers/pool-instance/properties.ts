/** What `poolConfig` says of the pool itself, in the engine's words. */
import type { Properties } from './plan.ts';

/** cStor's default: users' writes end when 85 % are used. */
const readOnlyThresholdPercentDefault = 85;

/** cStor's names of compression. ZFS's older ones become what serves the same purpose here. */
const compressions: Readonly<Record<string, string>> = {
  '': 'lz4',
  on: 'lz4',
  lz4: 'lz4',
  lzjb: 'lz4',
  zle: 'lz4',
  gzip: 'zstd',
  off: 'off',
};

export const propertiesOf = (config: {
  readonly roThresholdLimit?: number | null | undefined;
  readonly compression?: string | null | undefined;
}): Properties => ({
  readOnlyThresholdPercent: config.roThresholdLimit ?? readOnlyThresholdPercentDefault,
  compression: compressions[config.compression ?? ''] ?? config.compression ?? 'lz4',
});
