import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  closeRunFolder,
  findRunFolder,
  newState,
  openFolder,
  openRunFolder,
  readState,
  writeState,
} from './home.ts';

let folder = '';
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'caskade-home-')));
});
afterAll(() => rmSync(folder, { recursive: true }));
const geometry = { replicas: 3, sizeBytes: 2 ** 30, layout: 'mirror', devicesPerPool: 2 } as const;

test('the state comes back as it was written, whatever a crash left beside it', () => {
  const home = openFolder(join(folder, 'a', 'b'));
  expect(readState(home)).toBeUndefined();
  writeFileSync(join(home, 'lock'), '');
  writeFileSync(join(home, 'state.json.12'), '{"for');
  expect(readState(home)).toBeUndefined();

  const state = { ...newState(geometry), members: { 'pool-1': 'ab' } };
  writeState(home, state);
  expect(readState(home)).toEqual(state);
  expect(statSync(join(home, 'state.json')).mode & 0o777).toBe(0o600);
});

test('two volumes have two names', () => {
  expect(newState(geometry).volume).not.toBe(newState(geometry).volume);
});

test('a folder with other things in it is refused, and so is a state that can not be read', () => {
  const home = openFolder(join(folder, 'other'));
  writeFileSync(join(home, 'thesis.tex'), '');
  expect(() => readState(home)).toThrow(`--dir ${home} holds thesis.tex and no volume: give an empty folder`);
  for (const broken of ['{', '{}', '{"format":2}']) {
    writeFileSync(join(home, 'state.json'), broken);
    expect(() => readState(home)).toThrow(`--dir ${home} has a state.json that can not be read`);
  }
});

test('a folder that can not be made is named', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => openFolder(join(folder, 'file', 'd'))).toThrow(
    `--dir ${join(folder, 'file', 'd')} can not be used`,
  );
});

test('sockets lie in the folder, private', () => {
  const home = openFolder(join(folder, 'short'));
  expect(findRunFolder(home)).toBeUndefined();
  expect(openRunFolder(home)).toBe(join(home, 'run'));
  expect(findRunFolder(home)).toBe(join(home, 'run'));
  expect(statSync(join(home, 'run')).mode & 0o777).toBe(0o700);
});

test('a path too long for sockets: a short private folder, found again through a link', () => {
  const home = openFolder(join(folder, 'x'.repeat(60), 'y'.repeat(60)));
  const run = openRunFolder(home);
  try {
    expect(Buffer.byteLength(run)).toBeLessThan(80);
    expect(openRunFolder(home)).toBe(run);
    expect(findRunFolder(home)).toBe(run);
    expect(readdirSync(run)).toEqual([]);
  } finally {
    closeRunFolder(home, run);
  }
  expect([existsSync(run), findRunFolder(home)]).toEqual([false, undefined]);
  mkdirSync(run, { mode: 0o755 });
  try {
    expect(() => openRunFolder(home)).toThrow('is not a private folder of yours');
  } finally {
    rmSync(run, { recursive: true });
  }
});
