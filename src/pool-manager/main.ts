/** The pool role. */
export async function run(_argv: readonly string[]): Promise<void> {
  await Promise.reject(new Error('pool is not built yet'));
}
