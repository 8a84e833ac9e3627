/** The target role. */
export async function run(_argv: readonly string[]): Promise<void> {
  await Promise.reject(new Error('target is not built yet'));
}
