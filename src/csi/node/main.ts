/** The csi-node role. */
export async function run(_argv: readonly string[]): Promise<void> {
  await Promise.reject(new Error('csi-node is not built yet'));
}
