/** The operator role. */
export async function run(_argv: readonly string[]): Promise<void> {
  await Promise.reject(new Error('operator is not built yet'));
}
