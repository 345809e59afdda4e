/** The names of everything that the page may ask of the desktop shell, and of what the shell tells the page: free of zod, for the preload. */

/** Channels that the page may ask on; each one has its input and output in `SHELL_CALLS`. */
export const SHELL_CALL_NAMES = [
  'access', 'status', 'start', 'stop', 'restart', 'startUnit', 'stopUnit', 'restartUnit', 'unitLogs', 'unitHistory', 'saveDiagnostics', 'kill',
  'preferences', 'setPreferences', 'brokerKeys', 'setBrokerKeys', 'removeBrokerKeys', 'testConnection', 'setMode', 'armLive', 'disarmLive', 'finishWelcome',
  'checkUpdate', 'installUpdate', 'about', 'openDataFolder', 'openLink',
] as const;
/** The name of a call. */
export type ShellCallName = (typeof SHELL_CALL_NAMES)[number];

/** What the shell tells the page without being asked; payloads in `SHELL_EVENTS`. */
export const SHELL_EVENT_NAMES = ['status', 'navigate'] as const;
/** The name of an event. */
export type ShellEventName = (typeof SHELL_EVENT_NAMES)[number];

/** The prefix of every IPC channel: `mainspring:status`. */
export const SHELL_CHANNEL_PREFIX = 'mainspring:';
/** The origin of the window's page. */
export const SHELL_ORIGIN = 'app://mainspring';
/** The name under which the preload puts the bridge into the page. */
export const SHELL_BRIDGE = 'mainspring';
