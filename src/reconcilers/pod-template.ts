/** What the pods of pools and targets have in common. */
import { labels, ports } from '../api/names.ts';
import { hashOf } from './objects.ts';
import type { Settings } from './world.ts';

export type { Settings };

export const configFolder = '/etc/caskade/config';
export const keysFolder = '/etc/caskade/keys';

const tlsFolder = '/etc/caskade/tls';

/** As a Secret of type kubernetes.io/tls has them, with the authority that cert-manager adds. */
const tlsFiles = {
  certFile: `${tlsFolder}/tls.crt`,
  keyFile: `${tlsFolder}/tls.key`,
  caFile: `${tlsFolder}/ca.crt`,
};

/** TLS on the links of a pool or a target: for its configuration, its container and its pod. `mode` of the mounted files. */
export function replicationTls(
  { replicationTlsSecret: secretName, replicationTlsMode }: Settings,
  mode: number,
) {
  if (secretName === '') return { config: {}, volumeMounts: [], volumes: [] };
  return {
    // A daemon of the release before knows no mode, and requires TLS.
    config: { tls: replicationTlsMode === 'require' ? tlsFiles : { ...tlsFiles, mode: replicationTlsMode } },
    volumeMounts: [{ name: 'tls', mountPath: tlsFolder, readOnly: true }],
    volumes: [{ name: 'tls', secret: { secretName, defaultMode: mode } }],
  };
}

/** What of a pod is the same for all pools and targets: where it changes, they start anew one after another. */
export const sharedFields = [
  'image',
  'imagePullPolicy',
  'version',
  'replicationTlsSecret',
] as const satisfies readonly (keyof Settings)[];
export type SharedMake = Pick<Settings, (typeof sharedFields)[number]>;

export const isSameMake = <F extends keyof Settings>(
  fields: readonly F[],
  one: Pick<Settings, F>,
  other: Pick<Settings, F>,
): boolean => fields.every((field) => one[field] === other[field]);

export interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly containers?: readonly { readonly image?: string; readonly imagePullPolicy?: string }[];
    readonly volumes?: readonly {
      readonly name: string;
      readonly secret?: { readonly secretName?: string };
    }[];
  };
}

/** What a Deployment of ours was made with. */
export function sharedMakeOf({ metadata, spec }: Template): SharedMake {
  const [container] = spec?.containers ?? [];
  return {
    image: container?.image ?? '',
    imagePullPolicy: container?.imagePullPolicy ?? '',
    version: metadata?.labels?.[labels.version] ?? '',
    replicationTlsSecret: spec?.volumes?.find(({ name }) => name === 'tls')?.secret?.secretName ?? '',
  };
}

/** What a pod is made with now, and what another make waits for, in words; undefined: nothing. */
export interface Turn<M> {
  readonly make: M;
  readonly waits: string | undefined;
}

/** Pod annotation: hash of the configuration that the daemon was started with. */
export const configHashAnnotation = 'cstor.openebs.io/config-hash';

/** Pod annotation: hash of the names of the devices that the pool shall have. */
export const devicesHashAnnotation = 'cstor.openebs.io/devices-hash';

interface Annotated {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
}

/** The hash of the configuration in a pod or in a Deployment's template. */
export const startedWith = (pod: Annotated | undefined): string | undefined =>
  pod?.metadata?.annotations?.[configHashAnnotation];

/** Pod annotation: which master key the mounted keys are of; with another one the daemons have to start anew. */
const keysHashAnnotation = 'cstor.openebs.io/keys-hash';

export const podAnnotations = (monitoring: string, masterKey: Uint8Array) => ({
  [keysHashAnnotation]: hashOf(['keys', Buffer.from(masterKey).toString('hex')]),
  'openebs.io/monitoring': monitoring,
  'prometheus.io/path': '/metrics',
  'prometheus.io/port': String(ports.http),
  'prometheus.io/scrape': 'true',
});

/** Of a container: beyond its mounts, devices and sockets there is nothing it may do. */
export const unprivileged = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

/** The listening ports of a container, by their names in `ports`. */
export const containerPorts = (...names: readonly (keyof typeof ports)[]) =>
  names.map((name) => ({ name, containerPort: ports[name], protocol: 'TCP' }));

/** /healthz fails only when the process can do nothing any more, so a slow import is not killed. */
export const httpProbe = {
  livenessProbe: {
    httpGet: { path: '/healthz', port: ports.http, scheme: 'HTTP' },
    initialDelaySeconds: 5,
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 6,
  },
  readinessProbe: {
    httpGet: { path: '/readyz', port: ports.http, scheme: 'HTTP' },
    periodSeconds: 2,
    timeoutSeconds: 2,
    failureThreshold: 2,
  },
};

interface Amounts {
  readonly limits?: Readonly<Record<string, string | number>> | null;
  readonly requests?: Readonly<Record<string, string | number>> | null;
}

/** `resources` of a container; amounts as text, as the API server hands them out. */
export function containerResources(amounts: Amounts | null | undefined) {
  if (amounts === undefined || amounts === null) return {};
  const text = (by: Readonly<Record<string, string | number>>) =>
    Object.fromEntries(Object.entries(by).map(([name, amount]) => [name, String(amount)]));
  const { limits, requests } = amounts;
  return {
    resources: {
      ...(limits === undefined || limits === null ? {} : { limits: text(limits) }),
      ...(requests === undefined || requests === null ? {} : { requests: text(requests) }),
    },
  };
}
