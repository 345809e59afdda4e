/** Finding a setting by any of its words. Pure. */

/** Does each word of the search stand in one of the texts? An empty search finds everything. matches('mail port', 'SMTP_PORT', 'Port of the mail server') = true */
export function matches(search: string, ...texts: readonly string[]): boolean {
  const all = texts.join(' ').toLowerCase();
  return search.toLowerCase().split(/\s+/).filter((word) => word !== '').every((word) => all.includes(word));
}
