// Hostile initiators against the target, from seeds: sessions against its cores in this process, several at once against a
// portal, then a share of them, and what only sockets can do, against `caskade target` in a process of its own.
//   node tools/iscsi-fuzz.ts [--pdus=N] [--portals=N] [--seed=N] [--sockets=SECONDS]
// A seed that breaks something is named, and what it sent is kept in src/testing/iscsi/fixtures/.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { socketAttacks } from '../e2e/iscsi/socket-attacks.ts';
import { openCrc32c } from '../src/target/server-digest.ts';
import { attack, AttackError } from '../src/testing/iscsi/attack.ts';
import { portalAttack } from '../src/testing/iscsi/portal-attack.ts';

const { values } = parseArgs({
  options: {
    pdus: { type: 'string', default: '1000000' },
    portals: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    sockets: { type: 'string', default: '60' },
  },
});
const numbers = [values.pdus, values.portals, values.seed, values.sockets].map(Number);
const [pdusWanted = 0, portals = 0, firstSeed = 0, socketSeconds = 0] = numbers;
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
const portal = { pdus: 0, broken: 0, seed: firstSeed };
/** A broken invariant in what nobody awaits: Node would end the process, and with it the search. */
process.on('unhandledRejection', (error) => {
  portal.broken += 1;
  console.log(`FAILED portal, seed ${portal.seed}: ${String(error)}`);
});
for (const last = firstSeed + portals; portal.seed < last && portal.broken < brokenMax; portal.seed++) {
  try {
    portal.pdus += await portalAttack(portal.seed);
  } catch (error) {
    portal.broken += 1;
    console.log(`FAILED portal, seed ${portal.seed}: ${String(error)}`);
  }
}
console.log(`portals: ${portal.pdus} PDUs against ${portal.seed - firstSeed}, ${portal.broken} broken`);
const failures = socketSeconds > 0 ? await socketAttacks({ seconds: socketSeconds, seed: firstSeed }) : [];
for (const failure of failures) console.log(`FAILED ${failure}`);
const failed = count.broken + portal.broken + failures.length;
const passed = count.sessions + portal.seed - firstSeed - count.broken - portal.broken;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
