/** The CSI Identity service of both roles. */
import type { IdentityHandlers } from '../api/proto/csi/v1/Identity.ts';
import { csiDriverName } from '../api/names.ts';
import { unary } from '../shared/grpc/handlers.ts';
import type { Log } from '../shared/log.ts';

export interface IdentityOptions {
  readonly version: string;
  readonly log: Log;
  /** Whether this process can serve calls now. */
  readonly ready: () => boolean;
}

export const identity = ({ version, log, ready }: IdentityOptions) =>
  ({
    GetPluginInfo: unary(log, () => Promise.resolve({ name: csiDriverName, vendorVersion: version })),
    GetPluginCapabilities: unary(log, () =>
      Promise.resolve({
        capabilities: [
          { service: { type: 'CONTROLLER_SERVICE' as const } },
          { service: { type: 'VOLUME_ACCESSIBILITY_CONSTRAINTS' as const } },
        ],
      }),
    ),
    Probe: unary(log, () => Promise.resolve({ ready: { value: ready() } })),
  }) satisfies Pick<IdentityHandlers, 'GetPluginInfo' | 'GetPluginCapabilities' | 'Probe'>;
