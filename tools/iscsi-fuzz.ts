// Hostile initiators against the target, from seeds: sessions against its cores in this process, then a share of them, and
// what only sockets can do, against `caskade target` in a process of its own.
//   node tools/iscsi-fuzz.ts [--pdus=N] [--seed=N] [--sockets=SECONDS]
// A seed that breaks something is named, and what it sent is kept in src/testing/iscsi/fixtures/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { socketAttacks } from '../e2e/iscsi/socket-attacks.ts';
import { openCrc32c } from '../src/target/server-digest.ts';
import { attack, AttackError } from '../src/testing/iscsi/attack.ts';

const { values } = parseArgs({
  options: {
    pdus: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    sockets: { type: 'string', default: '60' },
  },
});
const [pdusWanted, firstSeed, socketSeconds] = [values.pdus, values.seed, values.sockets].map(Number) as [
  number,
  number,
  number,
];
const fixtures = join(import.meta.dirname, '../src/testing/iscsi/fixtures');
/** More broken seeds than this tell nothing new. */
const brokenMax = 5;

function keep(seed: number, error: AttackError): void {
  mkdirSync(fixtures, { recursive: true });
  const file = join(fixtures, `seed-${seed}.hex`);
  const lines = error.chunks.map((chunk) => Buffer.from(chunk).toString('hex'));
  writeFileSync(file, `# ${error.message.split('\n')[0]}\n${lines.join('\n')}\n`);
  console.log(`FAILED ${error.message}\n  kept in ${file}`);
}

const crc32c = openCrc32c();
const count = { pdus: 0, sessions: 0, loggedIn: 0, broken: 0 };
const startMs = performance.now();
for (let seed = firstSeed; count.pdus < pdusWanted && count.broken < brokenMax; seed++) {
  count.sessions += 1;
  try {
    const { pdus, loggedIn } = await attack(seed, crc32c);
    count.pdus += pdus;
    count.loggedIn += Number(loggedIn);
  } catch (error) {
    if (!(error instanceof AttackError)) throw error;
    count.broken += 1;
    keep(seed, error);
  }
}
const seconds = Math.round((performance.now() - startMs) / 1000);
const rssMiB = Math.round(process.memoryUsage().rss / 2 ** 20);
console.log(
  `cores: ${count.pdus} PDUs in ${count.sessions} sessions (${count.loggedIn} logged in), ${count.broken} broken, ${seconds} s, ${rssMiB} MiB`,
);
const failures = socketSeconds > 0 ? await socketAttacks({ seconds: socketSeconds, seed: firstSeed }) : [];
for (const failure of failures) console.log(`FAILED ${failure}`);
const failed = count.broken + failures.length;
console.log(`${count.sessions - count.broken} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
