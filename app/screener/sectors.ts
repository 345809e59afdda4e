/** Sectors of the market by the names that lists and people give them. */

/** The eleven sectors (as in the Global Industry Classification Standard of 1999, revised 2016 and 2018), each with other names of it, in lower case. */
export const SECTORS: Readonly<Record<string, readonly string[]>> = {
  'Information Technology': ['technology', 'tech', 'it', 'electronic technology', 'technology services', 'infotech'],
  'Health Care': ['healthcare', 'health', 'medical', 'health technology', 'health services'],
  Financials: ['financial', 'finance', 'financial services', 'financials'],
  'Consumer Discretionary': ['consumer cyclical', 'discretionary', 'cyclical', 'cyclicals', 'consumer cyclicals'],
  'Consumer Staples': ['consumer defensive', 'staples', 'consumer non-cyclicals', 'consumer non-durables', 'non-cyclical'],
  Energy: ['oil and gas', 'oil & gas', 'energy minerals'],
  Industrials: ['industrial', 'industry', 'industrial goods', 'industrials'],
  Materials: ['basic materials', 'material', 'basic industries'],
  'Real Estate': ['reit', 'reits', 'property', 'real-estate', 'realestate'],
  Utilities: ['utility', 'public utilities'],
  'Communication Services': ['communications', 'communication', 'telecom', 'telecoms', 'telecommunications', 'telecommunication services', 'media'],
};

/** The names. */
export const SECTOR_NAMES = Object.keys(SECTORS);

const byName: ReadonlyMap<string, string> = new Map(Object.entries(SECTORS).flatMap(([name, others]) => [name.toLowerCase(), ...others].map((other) => [other, name.toLowerCase()])));

/** One writing of a sector, in lower case: `Healthcare` and `Health Care` are the same; a name that is not known stays what it is. */
export function sectorKey(name: string): string {
  const plain = name.trim().toLowerCase();
  return byName.get(plain) ?? plain;
}
