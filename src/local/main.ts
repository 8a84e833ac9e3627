/** The local role. */
export async function run(_argv: readonly string[]): Promise<void> {
  await Promise.reject(new Error('local is not built yet'));
}
