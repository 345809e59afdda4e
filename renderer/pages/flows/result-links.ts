/** Where a run's result can be seen in full. Pure. */

/** A link out of a result. */
export type ResultLink = { readonly href: string; readonly label: string };

/** Links that an output names: paths of our own gateway only, so that no result can lead elsewhere. */
export function outputLinks(output: unknown): ResultLink[] {
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return [];
  return Object.entries(output).flatMap(([name, value]) => {
    if (typeof value !== 'string' || !/^\/(?:api|reports)\/[\w./%:-]+$/.test(value) || value.includes('..')) return [];
    return [{ href: value, label: /report/i.test(`${name}${value}`) ? 'Open the report' : /backtest/i.test(`${name}${value}`) ? 'Open the backtest' : `Open ${value}` }];
  });
}
