/**
 * Hostile initiators against the cores of the target, from seeds: nothing but a ProtocolError ends a session, numbering and
 * limits hold, others are served. A share of what `make iscsi-fuzz` runs; what that found is replayed from fixtures.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { attack, replay } from '../../testing/iscsi/attack.ts';
import { portalAttack } from '../../testing/iscsi/portal-attack.ts';
import { openCrc32c } from '../server-digest.ts';

const crc32c = openCrc32c();
const fixtures = join(import.meta.dirname, '../../testing/iscsi/fixtures');

test.each([1, 2, 3, 4])('attacks %i00 to %i99 are stood', async (hundred) => {
  let [pdus, loggedIn] = [0, 0];
  for (let seed = hundred * 100; seed < hundred * 100 + 100; seed++) {
    const report = await attack(seed, crc32c);
    pdus += report.pdus;
    loggedIn += Number(report.loggedIn);
  }
  // They must get far enough to be worth something.
  expect(loggedIn).toBeGreaterThan(50);
  expect(pdus).toBeGreaterThan(1000);
});

test('several at once, with commands that wait and are aborted: the portal is stood (seeds 1 to 30)', async () => {
  let pdus = 0;
  for (let seed = 1; seed <= 30; seed++) pdus += await portalAttack(seed);
  expect(pdus).toBeGreaterThan(1000);
});

const found = readdirSync(fixtures).filter((name) => name.endsWith('.hex'));
test('every fixture is stood', async () => {
  for (const name of found) {
    const lines = readFileSync(join(fixtures, name), 'utf8').split('\n');
    const chunks = lines.filter((line) => /^[0-9a-f]+$/.test(line)).map((line) => Buffer.from(line, 'hex'));
    expect([name, chunks.length > 0]).toEqual([name, true]);
    await replay(chunks, crc32c);
  }
});
