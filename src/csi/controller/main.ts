/** The csi-controller role. */
export async function run(_argv: readonly string[]): Promise<void> {
  await Promise.reject(new Error('csi-controller is not built yet'));
}
