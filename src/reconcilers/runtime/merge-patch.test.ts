import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { containsJson, mergePatch, sameJson } from './merge-patch.ts';

// prettier-ignore
test.each([
  // before                     after                        patch
  [{ a: 1 },                    { a: 1 },                    undefined],
  [{ a: 1 },                    { a: 2 },                    { a: 2 }],
  [{ a: 1, b: 2 },              { a: 1 },                    { b: null }],
  [{},                          { a: { b: 1 } },             { a: { b: 1 } }],
  [{ a: { b: 1, c: 2 } },       { a: { b: 1, c: 3 } },       { a: { c: 3 } }],
  [{ a: [1, 2] },               { a: [1, 2] },               undefined],
  [{ a: [1, 2] },               { a: [2, 1] },               { a: [2, 1] }],
  [{ a: [{ b: 1 }] },           { a: [{ b: 2 }] },           { a: [{ b: 2 }] }],
  [{ a: 1 },                    { a: { b: 1 } },             { a: { b: 1 } }],
  [{ a: { b: 1 } },             { a: 1 },                    { a: 1 }],
  [{ a: null },                 {},                          undefined],
  [{ a: 1 },                    { a: null },                 { a: null }],
  [{ a: undefined },            {},                          undefined],
  [undefined,                   { phase: 'Bound' },          { phase: 'Bound' }],
  ['Mounted',                   'Unmounted',                 'Unmounted'],
  ['Mounted',                   'Mounted',                   undefined],
  [undefined,                   'Mounted',                   'Mounted'],
])('from %j to %j', (before, after, patch) => {
  expect(mergePatch(before, after)).toEqual(patch);
});

/** RFC 7396, section 2, word by word. */
function apply(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = apply(result[name], value);
  }
  return result;
}

const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom('a', 'b'),
    fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('x', 'y', 'z'), tie('node'), { maxKeys: 3 }),
  ),
})).node;
const object = fc.dictionary(fc.constantFrom('p', 'q', 'r'), value, { maxKeys: 3 });

test('applied to what was before, the patch gives what is after', () => {
  fc.assert(
    fc.property(object, object, (before, after) => {
      const patch = mergePatch(before, after);
      expect(sameJson(patch === undefined ? before : apply(before, patch), after)).toBe(true);
      expect(patch === undefined).toBe(sameJson(before, after));
    }),
  );
});

// prettier-ignore
test.each([
  [{ a: 1, b: 2 }, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] }, true],
  [{ a: [1, 2] }, { a: [1] }, false],
  [{ a: 1 }, { a: undefined }, true],
  [{}, { a: {} }, false],
])('%j contains %j: %j', (whole, part, answer) => {
  expect(containsJson(whole, part)).toBe(answer);
});
