/** Our CRDs against the fields of cStor's own: everything that its users and tools read or write is there. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { load } from 'js-yaml';

interface Schema {
  type?: string;
  nullable?: boolean;
  enum?: string[];
  required?: string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema;
  items?: Schema;
  'x-kubernetes-int-or-string'?: boolean;
}
interface Crd {
  spec: {
    group: string;
    scope: string;
    names: { kind: string; plural: string; shortNames: string[] };
    versions: [
      {
        name: string;
        schema: { openAPIV3Schema: Schema };
        additionalPrinterColumns: { name: string; jsonPath: string; priority?: number }[];
      },
    ];
  };
}

const crdFolder = new URL('../../crds/', import.meta.url);
const crds = readdirSync(crdFolder).map(
  (file) => load(readFileSync(new URL(file, crdFolder), 'utf8')) as Crd,
);
const ofKind = (kind: string) => crds.find(({ spec }) => spec.names.kind === kind)?.spec;

const [, ...sections] = readFileSync(new URL('testdata/cstor-fields.txt', import.meta.url), 'utf8').split(
  '\n\n',
);
const kinds = sections.map((section) => {
  const [head = '', ...lines] = section.trimEnd().split('\n');
  const [kind = '', version = '', plural = '', short = '', scope = ''] = head.split(' ');
  const columns = lines.find((line) => line.startsWith('columns: '))?.slice('columns: '.length);
  return {
    kind,
    version,
    plural,
    short,
    scope,
    columns,
    fields: lines.filter((line) => line.startsWith(' ')),
  };
});

/** `kind.path: type marks` of each line, the path from the root. */
function paths(lines: readonly string[]): { path: string; type: string; marks: string }[] {
  const open: string[] = [];
  return lines.map((line) => {
    const [, indent = '', name = '', type = '', marks = ''] =
      /^( +)(\w+): ([^#]*?)\s*(?:# (.*))?$/.exec(line) ?? [];
    open.splice(indent.length / 2 - 1, Infinity, name);
    return { path: open.join('.'), type, marks };
  });
}

/** The schema of a field and the object it stands in; lists and maps are stepped into. */
function find(root: Schema, path: string): { parent: Schema; field: Schema | undefined } {
  let [parent, field]: [Schema, Schema | undefined] = [root, root];
  for (const name of path.split('.')) {
    parent = field ?? {};
    while (parent.properties === undefined && (parent.items ?? parent.additionalProperties) !== undefined)
      parent = parent.items ?? parent.additionalProperties ?? {};
    field = parent.properties?.[name];
  }
  return { parent, field };
}

function typeOf(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'quantity|int';
  if (schema.items !== undefined) return `[]${typeOf(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map[string]${typeOf(schema.additionalProperties)}`;
  return schema.type ?? '';
}

/** Structures of Kubernetes itself, whose fields are not listed. */
const embedded: Record<string, string> = {
  ResourceRequirements: 'object',
  '[]Toleration': '[]object',
  'PodAffinity (core/v1)': 'object',
};
/** With a status subresource the API server drops the status of a new object, so that none can be required. */
const notRequired = ['CStorVolumeConfig.status'];

test.each(kinds)('$kind has every field', ({ kind, fields }) => {
  const root = ofKind(kind)?.versions[0].schema.openAPIV3Schema ?? {};
  const marksOf = (path: string, required: boolean, nullable: boolean, values: string[] | undefined) => [
    ...(required && !notRequired.includes(`${kind}.${path}`) ? ['REQUIRED'] : []),
    ...(nullable ? ['nullable'] : []),
    ...(values === undefined
      ? []
      : [`enum ${values.map((value) => (value === '' ? '""' : value)).join('|')}`]),
  ];
  const theirs = paths(fields).map(({ path, type, marks }) => {
    const words = marks === '' ? [] : marks.split(', ');
    const said = marksOf(path, words.includes('REQUIRED'), words.includes('nullable'), undefined);
    return [path, embedded[type] ?? type, ...said, ...words.filter((word) => word.startsWith('enum '))];
  });
  const ours = paths(fields).map(({ path }) => {
    const { parent, field } = find(root, path);
    if (field === undefined) return [path, 'missing'];
    const required = parent.required?.includes(path.split('.').at(-1) ?? '') ?? false;
    return [path, typeOf(field), ...marksOf(path, required, field.nullable === true, field.enum)];
  });
  expect(theirs.length).toBeGreaterThan(5);
  expect(ours).toEqual(theirs);
});

test.each(kinds)('$kind has its names and columns', ({ kind, version, plural, short, scope, columns }) => {
  const spec = ofKind(kind);
  expect([
    `${spec?.group}/${spec?.versions[0].name}`,
    spec?.names.plural,
    spec?.names.shortNames,
    spec?.scope,
  ]).toEqual([version, plural, [short], scope]);
  const printed = spec?.versions[0].additionalPrinterColumns.map(
    ({ name, jsonPath, priority }) => `${name}=${jsonPath}${priority === 1 ? ' (wide)' : ''}`,
  );
  expect(columns === undefined ? undefined : printed?.join('; ')).toBe(columns);
});
