/** What the address of the settings page carries: the section, and what is searched for. */

/** Sections, in the order in which they stand on the left. */
export const SECTIONS = [
  { id: 'accounts', name: 'Broker accounts', about: 'Which market runs, and the keys of paper and live.', words: 'alpaca keys paper live demo market account test connection' },
  { id: 'risk', name: 'Risk limits', about: 'What no order may go beyond. Each order is judged by them, those of strategies and your own.', words: 'limit loss exposure position order margin short drawdown' },
  { id: 'schedules', name: 'Schedules', about: 'When the flows run by themselves, in New York time, on market days.', words: 'flow cron time run next pause' },
  { id: 'data', name: 'Universe and data', about: 'Which symbols are followed, what is stored, and for how long.', words: 'symbols bars archive import storage watch' },
  { id: 'notifications', name: 'Notifications', about: 'How Mainspring reaches you while you are away.', words: 'mail smtp webhook e-mail alert test desktop' },
  { id: 'servers', name: 'Ports and servers', about: 'Where the parts listen on this computer, and servers of your own.', words: 'port postgres redis host database external' },
  { id: 'logs', name: 'Logs and retention', about: 'How much is written, and how long it is kept.', words: 'log level debug days retention' },
  { id: 'demo', name: 'Demo market', about: 'The simulated market and its account.', words: 'simulator speed cash margin seed' },
  { id: 'appearance', name: 'Appearance', about: 'How pages look. It is remembered for this installation.', words: 'theme dark light density colour blind number format time zone' },
  { id: 'computer', name: 'This computer', about: 'Start with the system, updates, diagnostics.', words: 'windows start autostart update diagnostics folder' },
  { id: 'transfer', name: 'Take along', about: 'All settings as one file, without secrets: for another computer, or to go back to.', words: 'export import copy file backup configuration' },
] as const;
/** Id of a section. */
export type SectionId = (typeof SECTIONS)[number]['id'];

/** The part of the address after the question mark. */
export type SettingsSearch = { readonly section?: SectionId };

/** Reads it; anything else is dropped. */
export function readSettingsSearch(search: Record<string, unknown>): SettingsSearch {
  const known = SECTIONS.find(({ id }) => id === search['section']);
  return known === undefined ? {} : { section: known.id };
}
