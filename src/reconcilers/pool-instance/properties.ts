/** What `poolConfig` says of the pool itself, in the engine's words. */
import { compressionOf } from '../compression.ts';
import type { Properties } from './plan.ts';

/** cStor's default: users' writes end when 85 % are used. */
const readOnlyThresholdPercentDefault = 85;

export const propertiesOf = (config: {
  readonly roThresholdLimit?: number | null | undefined;
  readonly compression?: string | null | undefined;
}): Properties => ({
  // 0 is how cStor's manifests say "the default"
  readOnlyThresholdPercent: config.roThresholdLimit || readOnlyThresholdPercentDefault,
  compression: compressionOf(config.compression ?? ''),
});
