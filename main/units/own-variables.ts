/** The few variables of our own environment that a child process needs too. */

/** Those of the named variables that are set. */
export function ownVariables(names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}
