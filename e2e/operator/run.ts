/** The operator against a real API server and fake daemons: `node e2e/operator/run.ts [WORD…]`. Ports 21500 and up, 127.215.0.0/16. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installCrds, startApiServer, unavailable, type ApiServer } from '../apiserver/api-server.ts';
import { runChecks } from '../local/suite.ts';
import type { Bench } from './bench.ts';
import { checksOf } from './checks.ts';
import { FakeCluster, namespace } from './fake-cluster.ts';
import { blockDevice, deviceName, node, nodes } from './manifests.ts';
import { Operator } from './operator.ts';

const basePort = 21_500;
const metricsPort = 21_510;

async function prepare(api: ApiServer, cluster: FakeCluster): Promise<void> {
  await installCrds(api);
  await api.kubectl('create', 'namespace', namespace);
  const apply = async (object: object) => {
    const done = await api.tryKubectl(['apply', '-f', '-'], { input: JSON.stringify(object) });
    if (done.status !== 0) throw new Error(done.stderr);
  };
  for (const name of nodes) await apply(node(name));
  for (const name of nodes)
    for (const disk of ['a', 'b', 'c', 'd'])
      await cluster.addDevice(blockDevice(deviceName(`${name}${disk}`), { node: name }));
}

async function main(wanted: readonly string[]): Promise<number> {
  const reason = await unavailable();
  if (reason !== undefined)
    return await runChecks([{ name: 'operator', skip: reason, run: () => Promise.resolve() }], []);
  const folder = mkdtempSync(join(tmpdir(), 'caskade-operator-'));
  const log = join(folder, 'operator.log');
  const api = await startApiServer({ basePort });
  const cluster = new FakeCluster(api.kubeconfig);
  const operator = new Operator(api.kubeconfig, log, metricsPort);
  try {
    await prepare(api, cluster);
    cluster.start();
    operator.start();
    const bench: Bench = { api, cluster, operator };
    const failed = await runChecks(checksOf(bench), wanted);
    if (failed > 0) {
      const kept = join(tmpdir(), `caskade-operator-failed-${process.pid}.log`);
      copyFileSync(log, kept);
      console.log(`${readFileSync(log, 'utf8').split('\n').slice(-40).join('\n')}\nall of it: ${kept}`);
    }
    return failed;
  } finally {
    await operator.kill();
    await cluster.stop();
    await api.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = (await main(process.argv.slice(2))) > 0 ? 1 : 0;
