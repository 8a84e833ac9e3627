import { expect, test } from '@jest/globals';
import { typesOf } from './crd-types.ts';

const crd = (openAPIV3Schema: object) =>
  JSON.stringify({
    spec: {
      group: 'test.caskade.io',
      scope: 'Namespaced',
      names: { kind: 'CSThing', plural: 'csthings', singular: 'csthing' },
      versions: [{ name: 'v1', schema: { openAPIV3Schema } }],
    },
  });
const text = (properties: object, required: string[] = []) =>
  typesOf(crd({ type: 'object', required, properties })).text;

// prettier-ignore
test.each([
  ['a string',             { type: 'string' },                                              'field?: string;'],
  ['an integer',           { type: 'integer', format: 'int64' },                            'field?: number;'],
  ['a quantity',           { 'x-kubernetes-int-or-string': true },                          'field?: number | string;'],
  ['an enum',              { type: 'string', enum: ['a', ''] },                             'field?: "a" | "";'],
  ['what may be null',     { type: 'integer', nullable: true },                             'field?: number | null;'],
  ['a list of an enum',    { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },  'field?: ("a" | "b")[];'],
  ['a map',                { type: 'object', additionalProperties: { type: 'string' } },    'field?: Record<string, string>;'],
  ['anything',             { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, 'field?: Record<string, unknown>;'],
])('%s', (_, schema, line) => {
  expect(text({ field: schema })).toContain(`  ${line}\n`);
});

test('a required field, its words, and metadata, which every object has', () => {
  const metadata = { type: 'object' };
  const written = text({ metadata, size: { type: 'integer', description: 'How\n  large.' } }, ['size']);
  expect(written).toContain('  metadata: ObjectMeta;\n  /** How large. */\n  size: number;\n');
});

// prettier-ignore
test.each([
  ['pools', 'CSThingPool'], ['statuses', 'CSThingStatus'], ['policies', 'CSThingPolicy'], ['poolInfo', 'CSThingPoolInfo'],
])('an object in %s is a %s', (list, name) => {
  const item = { type: 'object', properties: { a: { type: 'string' } } };
  expect(text({ [list]: { type: 'array', items: item } })).toContain(`export interface ${name} {\n  a?: string;\n}`);
});

test('two objects of one name are refused', () => {
  const object = { type: 'object', properties: { a: { type: 'string' } } };
  expect(() => text({ part: object, parts: { type: 'array', items: object } })).toThrow('CSThingPart');
});

test('the schema is there without prose and without CEL', () => {
  const written = text({
    description: { type: 'string', description: 'A field of that name.', 'x-kubernetes-validations': [] },
  });
  expect(written).toContain(
    'export const csThingSchema = {"type":"object","required":[],"properties":{"description":{"type":"string"}}};',
  );
});
