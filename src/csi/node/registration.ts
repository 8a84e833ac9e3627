/** How the kubelet comes to know this driver: the plugin's Registration service on a socket in its registry folder. */
import type { ProtoGrpcType } from '../../api/proto/pluginregistration.ts';
import { csiDriverName } from '../../api/names.ts';
import { unary } from '../../shared/grpc/handlers.ts';
import { loadProto } from '../../shared/grpc/load.ts';
import { serveGrpc, type GrpcServer } from '../../shared/grpc/serve.ts';
import type { Log } from '../../shared/log.ts';

const { service } = loadProto<ProtoGrpcType>('pluginregistration.proto').pluginregistration.Registration;

export interface RegistrationOptions {
  /** `<kubelet dir>/plugins_registry/<driver>-reg.sock`. */
  readonly socket: string;
  /** Where the kubelet reaches the CSI services, as it sees the path. */
  readonly endpoint: string;
  /** Told what the kubelet made of it. */
  readonly onStatus: (registered: boolean, error: string) => void;
  readonly log: Log;
}

/** The kubelet's watcher finds the socket and calls; it does so again whenever the socket is made anew. */
export function serveRegistration({
  socket,
  endpoint,
  onStatus,
  log,
}: RegistrationOptions): Promise<GrpcServer> {
  return serveGrpc({
    listen: `unix:${socket}`,
    add: (server) =>
      server.addService(service, {
        GetInfo: unary(log, () =>
          Promise.resolve({
            type: 'CSIPlugin',
            name: csiDriverName,
            endpoint,
            supportedVersions: ['1.0.0'],
          }),
        ),
        NotifyRegistrationStatus: unary(
          log,
          ({ pluginRegistered, error }: { pluginRegistered: boolean; error: string }) => {
            onStatus(pluginRegistered, error);
            return Promise.resolve({});
          },
        ),
      }),
  });
}
