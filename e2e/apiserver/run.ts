/**
 * The CRDs and the Kubernetes runtime against a real etcd and kube-apiserver.
 *   node e2e/apiserver/run.ts [WORDS…]     only the checks whose name has one of the words
 */
import { runChecks, type Check } from '../local/suite.ts';
import { installCrds, startApiServer, unavailable, type ApiServer } from './api-server.ts';
import { clientChecks } from './client-checks.ts';
import { crdChecks } from './crds.ts';
import { leaderChecks } from './leader-checks.ts';
import { reflectorChecks } from './reflector-checks.ts';

let server: ApiServer | undefined;
const api = (): ApiServer => {
  if (server === undefined) throw new Error('the API server did not start');
  return server;
};

const skip = await unavailable();
const checks: readonly Check[] = [
  {
    name: 'an API server of our own starts, and the CRDs are Established',
    run: async () => {
      server = await startApiServer({ basePort: 21410 });
      await installCrds(server);
      await server.kubectl('create', 'namespace', 'openebs');
    },
  },
  ...crdChecks(api),
  ...clientChecks(api),
  ...reflectorChecks(api),
  ...leaderChecks(api),
];

const wanted = process.argv.slice(2);
const first = checks[0]?.name ?? '';
const failed = await runChecks(
  checks.map((check) => ({ ...check, skip: skip ?? check.skip })),
  wanted.length === 0 ? [] : [first, ...wanted],
);
await server?.stop();
process.exitCode = skip === undefined && failed > 0 ? 1 : 0;
