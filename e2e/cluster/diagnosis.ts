/** What a cluster looked like when a check failed: the bed is gone when somebody reads about it. */
import type { Check } from '../local/suite.ts';
import type { Kubectl } from './kubectl.ts';
import { namespace } from './system.ts';

/** Of each part; the newest lines are kept. */
const linesMax = 40;
/** Failures that are told about; later ones are mostly what the first ones left. */
const failuresMax = 3;

const parts: readonly (readonly [title: string, args: readonly string[]])[] = [
  ['pods', ['get', 'pods', '-A', '-o', 'wide', '--no-headers']],
  ['pools', ['get', 'cspc,cspi,cvr,cv', '-n', namespace, '--no-headers']],
  ['devices', ['get', 'blockdevice', '-n', namespace, '--no-headers']],
  ['events', ['get', 'events', '-A', '--sort-by=.lastTimestamp', '--no-headers']],
  ['operator', ['logs', '-n', namespace, 'deployment/caskade-operator', `--tail=${linesMax}`]],
];

/** The same checks; one that fails shows what the cluster looked like. */
export function diagnosed(kubectl: Kubectl, checks: readonly Check[]): readonly Check[] {
  let told = 0;
  return checks.map((check) => ({
    ...check,
    run: async () => {
      try {
        await check.run();
      } catch (error) {
        if (told++ < failuresMax) console.log(await diagnosis(kubectl));
        throw error;
      }
    },
  }));
}

async function diagnosis(kubectl: Kubectl): Promise<string> {
  const texts = await Promise.all(
    parts.map(async ([title, args]) => {
      const { stdout, stderr, status } = await kubectl.attempt(args, { timeoutMs: 10_000 });
      const lines = (status === 0 ? stdout : stderr).trimEnd().split('\n').slice(-linesMax);
      return [`--- ${title}`, ...lines].join('\n');
    }),
  );
  return texts.join('\n').replaceAll(/^/gm, '    ');
}
