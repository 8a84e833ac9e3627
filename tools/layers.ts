// oxlint plugin: `layers/direction`. The table is the architecture; an import may only go down it (docs/architecture.md).
import { dirname, relative, resolve } from 'node:path';
const root = resolve(import.meta.dirname, '../src');
const processes = ['target', 'pool-manager', 'ndm', 'csi', 'reconcilers', 'local'];
const cores = 'replication|target/iscsi|target/scsi|pool-manager/engine';
const pure = 'actions|claims|entries|plan|checks|status|conditions|inventory|shape|pool-scrub';
/** shared/ without its edges: what a core may use of it. */
const leaf = 'shared/(?!edge/|grpc/)';
/** Processes that know Kubernetes share one runtime; the data plane does not reach it. */
const kubernetes = ['ndm', 'csi', 'reconcilers'];
/** First match wins. `from` is the importing file, `to` what it may import, both below src/. */
const layers = [
  { name: 'test', from: /\.(test|contract)\.ts$|^testing\//, to: /./ },
  { name: 'leaf', from: /^shared\//, to: /^shared\// },
  { name: 'leaf', from: /^api\//, to: /^(api|shared)\// },
  {
    name: 'core',
    from: /^target\/scsi\//,
    to: new RegExp(`^(target/scsi/|target/volume\\.ts$|${leaf})`),
  },
  ...cores.split('|').map((core) => ({
    name: 'core',
    from: new RegExp(`^${core}/`),
    to: new RegExp(`^(${core}/|${leaf}|api/)`),
  })),
  { name: 'core', from: new RegExp(`/(${pure})\\.ts$`), to: new RegExp(`^(api/|${leaf})|/(${pure})\\.ts$`) },
  { name: 'runtime', from: /^reconcilers\/runtime\//, to: /^(reconcilers\/runtime|shared|api)\// },
  { name: 'command', from: /^main\.ts$/, to: /^(([\w-]+\/)+main\.ts$|shared\/)/ },
  // what is left of a process is edge; its main.ts builds the edges, and nobody imports a main.ts
  ...processes.map((p) => ({
    name: `edge of ${p}`,
    from: new RegExp(`^${p}/`),
    to: new RegExp(
      `^(?!.*main\\.ts$)(${p}|${cores}|${kubernetes.includes(p) ? 'reconcilers/runtime|' : ''}shared|api)/`,
    ),
  })),
];
type Report = (problem: { node: object; message: string }) => void;
const direction = {
  create(context: { filename: string; report: Report }) {
    const from = relative(root, context.filename);
    const layer = layers.find((l) => l.from.test(from));
    const check = (node: { source?: { value?: unknown } }) => {
      const specifier = node.source?.value;
      if (typeof specifier !== 'string' || !specifier.startsWith('.') || from.startsWith('..')) return;
      const to = relative(root, resolve(dirname(context.filename), specifier));
      if (layer === undefined)
        context.report({ node, message: `src/${from} belongs to no layer: add it to tools/layers.ts` });
      else if (!layer.to.test(to))
        context.report({ node, message: `${layer.name} (${from}) must not import ${to}` });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};
export default { meta: { name: 'layers' }, rules: { direction } };
