/** Kubernetes' own csi-sanity against the two roles: about a hundred specifications of what a driver answers. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Check } from '../local/suite.ts';
import { attempt } from '../shell.ts';
import type { World } from './world.ts';

const program = join(
  process.env['TESTBED_BIN'] ?? join(homedir(), '.cache/caskade-testbed/bin'),
  'csi-sanity',
);

export const sanityChecks = (world: () => World): readonly Check[] =>
  (['mount', 'block'] as const).map((access) => ({
    name: `csi-sanity, ${access} volumes`,
    skip: existsSync(program) ? undefined : `${program} is missing: e2e/testbed/build csi makes it`,
    timeoutMs: 300_000,
    run: async () => {
      const { folder, nodeSocket, controllerSocket, write } = bound(world());
      const parameters = write(
        'parameters.yaml',
        'cas-type: cstor\ncstorPoolCluster: cstor-disk-pool\nreplicaCount: "3"\n',
      );
      const { status, stdout } = await attempt(
        [
          program,
          `--csi.endpoint=unix://${nodeSocket}`,
          `--csi.controllerendpoint=unix://${controllerSocket}`,
          `--csi.mountdir=${join(folder, `mnt-${access}`)}`,
          `--csi.stagingdir=${join(folder, `staging-${access}`)}`,
          `--csi.testvolumeaccesstype=${access}`,
          '--csi.testvolumesize=1073741824',
          `--csi.testvolumeparameters=${parameters}`,
          '--ginkgo.no-color',
        ],
        { timeoutMs: 290_000 },
      );
      const summary = /^Ran \d+ of \d+ Specs.*\n.*$/m.exec(stdout)?.[0] ?? stdout.slice(-2000);
      console.log(summary.replaceAll(/^/gm, '    '));
      if (status !== 0) throw new Error(failures(stdout));
      const left = await world().leftovers();
      if (left.length > 0) throw new Error(`left over:\n${left.join('\n')}`);
    },
  }));

const bound = (world: World) => ({
  folder: world.folder,
  nodeSocket: world.nodeSocket,
  controllerSocket: world.controllerSocket,
  write: (name: string, content: string) => world.write(name, content),
});

const failures = (output: string): string =>
  output
    .split('\n')
    .filter((line) => /\[FAIL\]|FAILED|Expected|to equal|rpc error/.test(line))
    .slice(0, 60)
    .join('\n');
