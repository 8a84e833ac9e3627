/** `caskade <role>`: one command for every process. Each role is one main.ts, loaded only when it is run. */
import { CommandError, UsageError, exitCode } from './shared/exit-codes.ts';

/** A role's main: takes the arguments after the role's name, and resolves when the process is done. */
type Main = (argv: readonly string[]) => Promise<void>;

const roles: Readonly<
  Record<string, { readonly does: string; readonly load: () => Promise<{ readonly run: Main }> }>
> = {
  operator: { does: 'all reconcilers (Deployment)', load: () => import('./reconcilers/main.ts') },
  ndm: { does: 'finds and watches block devices (DaemonSet)', load: () => import('./ndm/main.ts') },
  'csi-controller': { does: 'CSI Identity and Controller', load: () => import('./csi/controller/main.ts') },
  'csi-node': { does: 'CSI Identity and Node (DaemonSet)', load: () => import('./csi/node/main.ts') },
  pool: { does: 'a pool daemon', load: () => import('./pool-manager/main.ts') },
  target: { does: 'the iSCSI target of one volume', load: () => import('./target/main.ts') },
  local: { does: 'a volume on this machine, without Kubernetes', load: () => import('./local/main.ts') },
};

const help = [
  'usage: caskade ROLE [OPTIONS]     caskade ROLE --help',
  ...Object.entries(roles).map(([name, role]) => `  ${name.padEnd(15)} ${role.does}`),
].join('\n');

async function main(): Promise<void> {
  const [name = '--help', ...argv] = process.argv.slice(2);
  if (name === '--help' || name === '-h' || name === 'help') {
    console.log(help);
    return;
  }
  const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
  if (role === undefined)
    throw new UsageError(`role ${name} is unknown: use one of ${Object.keys(roles).join(', ')}`);
  await (await role.load()).run(argv);
}

main().catch((error: unknown) => {
  if (error instanceof UsageError) {
    console.error(`caskade: ${error.message}`);
    // Not exitCode: a role may have sockets open by the time it learns that a later option can not be used.
    process.exit(exitCode.usage);
  }
  console.error(error instanceof CommandError ? `caskade: ${error.message}` : error);
  process.exit(exitCode.failure);
});
