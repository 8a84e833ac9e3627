/** Two processes and one Lease: one leads, never both, whatever happens to it. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { core } from '../../src/reconcilers/runtime/core-resources.ts';
import type { Check } from '../local/suite.ts';
import { until } from '../until.ts';
import type { ApiServer } from './api-server.ts';
import { configMap, newNamespace, openWorld } from './world.ts';

const durationMs = 4_500;

class Candidate {
  readonly identity: string;
  readonly process: ChildProcess;
  output = '';
  constructor(kubeconfig: string, namespace: string, identity: string) {
    this.identity = identity;
    const script = join(import.meta.dirname, 'leader-candidate.ts');
    this.process = spawn(process.execPath, [script, kubeconfig, namespace, identity, String(durationMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.process.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }
  get leads(): boolean {
    return this.output.includes('leading');
  }
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return this.process.exitCode;
    const ended = new Promise<number | null>((resolve) => this.process.once('exit', resolve));
    this.process.kill(signal);
    return await ended;
  }
}

export function leaderChecks(api: () => ApiServer): readonly Check[] {
  let count = 0;
  const check = (
    name: string,
    run: (of: { leader: Candidate; other: Candidate; lines: () => Promise<string[]> }) => Promise<void>,
  ): Check => ({
    name: `leader: ${name}`,
    timeoutMs: 120_000,
    run: async () => {
      const world = openWorld(api().kubeconfig);
      const { client } = world;
      const namespace = await newNamespace(client, `leader-${++count}`);
      await client.create(core.configMaps, configMap(namespace, 'log', { lines: '' }));
      const lines = async () => {
        const log = await client.get(core.configMaps, { namespace, name: 'log' });
        return (log?.data?.['lines'] ?? '').split('\n').filter((line) => line !== '');
      };
      const candidates = ['a', 'b'].map((identity) => new Candidate(api().kubeconfig, namespace, identity));
      try {
        const leader = await until('one leads', 30_000, async () => {
          const found = candidates.find(({ leads }) => leads);
          return found === undefined || (await lines()).length < 5 ? 'nobody leads' : found;
        });
        const other = candidates.find((candidate) => candidate !== leader);
        assert.ok(other !== undefined);
        await run({ leader, other, lines });
        // whoever wrote first wrote all of its lines first
        const authors = (await lines()).filter((line, i, all) => line !== all[i - 1]);
        assert.deepEqual(
          authors,
          [leader.identity, other.identity].slice(0, authors.length),
          'both have led at once',
        );
      } finally {
        await Promise.all(candidates.map((candidate) => candidate.kill()));
        await world.end();
      }
    },
  });
  /** The other one leads and writes. */
  const takesOver = async (other: Candidate, lines: () => Promise<string[]>, timeoutMs: number) => {
    await until('the other one takes over', timeoutMs, async () =>
      (await lines()).includes(other.identity) ? {} : 'it does not write yet',
    );
  };
  return [
    check('of two one leads, and the other waits as long as that one lives', async ({ other }) => {
      await delay(2 * durationMs);
      assert.equal(other.leads, false);
    }),
    check('a leader that is killed is replaced', async ({ leader, other, lines }) => {
      await leader.kill();
      await takesOver(other, lines, 30_000);
    }),
    check('a leader that stops in order is replaced without waiting', async ({ leader, other, lines }) => {
      const startMs = performance.now();
      assert.equal(await leader.kill('SIGTERM'), 0);
      await takesOver(other, lines, durationMs);
      assert.ok(performance.now() - startMs < durationMs, 'the lease was not given back');
    }),
    check(
      'a leader that was frozen writes nothing when it wakes up, and ends',
      async ({ leader, other, lines }) => {
        leader.process.kill('SIGSTOP');
        await takesOver(other, lines, 30_000);
        leader.process.kill('SIGCONT');
        await until('the old leader ends', 20_000, () =>
          Promise.resolve(leader.process.exitCode === null ? 'it runs on' : {}),
        );
        assert.equal(leader.process.exitCode, 1);
        assert.match(leader.output, /ended leadership lost/);
        await delay(500);
      },
    ),
    check('without an API server a leader ends before its lease does', async ({ leader, lines }) => {
      const before = (await lines()).length;
      await api().killApiServer();
      const startMs = performance.now();
      try {
        await until('the leader ends', 20_000, () =>
          Promise.resolve(leader.process.exitCode === null ? 'it runs on' : {}),
        );
        assert.ok(performance.now() - startMs < durationMs, 'it led on after its lease had run out');
      } finally {
        await api().startApiServer();
      }
      assert.ok((await lines()).length >= before);
    }),
  ];
}
