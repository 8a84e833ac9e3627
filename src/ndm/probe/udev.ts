/** What udev has found out about a device, from its database (/run/udev/data); empty where udev does not run. */
import { readFile } from 'node:fs/promises';

export type UdevProperties = Readonly<Record<string, string>>;

/** `deviceNumber` is MAJOR:MINOR. Lines `E:KEY=VALUE` count. */
export async function readUdev(folder: string, deviceNumber: string): Promise<UdevProperties> {
  const content = await readFile(`${folder}/data/b${deviceNumber}`, 'utf8').catch(() => '');
  return Object.fromEntries(
    content
      .split('\n')
      .filter((line) => line.startsWith('E:') && line.includes('='))
      .map((line) => {
        const at = line.indexOf('=');
        return [line.slice(2, at), line.slice(at + 1)] as const;
      }),
  );
}
