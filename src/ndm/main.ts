/** The ndm role. */
export async function run(_argv: readonly string[]): Promise<void> {
  await Promise.reject(new Error('ndm is not built yet'));
}
