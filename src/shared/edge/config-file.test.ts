import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { object, text } from '../shape.ts';
import { readConfig, readKey, readKeys, readToken, requirePrivate } from './config-file.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'caskade-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
function file(content: string, mode = 0o600): string {
  const path = join(folder, 'f');
  rmSync(path, { force: true });
  writeFileSync(path, content, { mode });
  return path;
}
const shape = object({ name: text() });

test('configuration, key, keys and token are read', () => {
  expect(readConfig(file('{"name":"p"}'), shape)).toEqual({ name: 'p' });
  expect(readKey(file(`${'ab'.repeat(32)}\n`))).toEqual(Buffer.alloc(32, 0xab));
  expect(readKeys(file(`{"r1":"${'01'.repeat(32)}"}`))).toEqual(new Map([['r1', Buffer.alloc(32, 1)]]));
  expect(readToken(file(`${'t'.repeat(16)}\n`))).toBe('t'.repeat(16));
});

// prettier-ignore
test.each([
  ['{"name":7}',  shape,  'f: name is 7: give a text'],
  ['{',           shape,  'f is not JSON'],
])('configuration %j', (content, s, message) => {
  expect(() => readConfig(file(content), s)).toThrow(message);
});

test.each([
  ['a key that is too short', () => readKey(file('5ec2e7')), 'f is not 64 hexadecimal digits'],
  ['keys that are not JSON', () => readKeys(file('5ec2e7')), 'f are not JSON'],
  [
    'a key in a list that is no key',
    () => readKeys(file('{"r":"5ec2e7"}')),
    'f, r is not 64 hexadecimal digits',
  ],
  ['a token with a blank', () => readToken(file('5ec2e7 5ec2e7 5ec2e7')), 'f is not one line'],
])('%s is refused without showing it', (_name, read, message) => {
  expect(read).toThrow(message);
  expect(read).not.toThrow('5ec2e7');
});

test('a file that is not there is named', () => {
  expect(() => readConfig('/nowhere/x', shape)).toThrow('configuration /nowhere/x can not be read (ENOENT)');
});

test.each([0o600, 0o400])('mode %i is private', (mode) => {
  const path = file('secret', mode);
  expect(() => requirePrivate('--chap-file', path)).not.toThrow();
});
test.each([0o640, 0o604])('mode %i is not', (mode) => {
  const path = file('secret', mode);
  expect(() => requirePrivate('--chap-file', path)).toThrow(
    `--chap-file ${path} has mode ${mode.toString(8)}`,
  );
});
