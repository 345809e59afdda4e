/** The mark, a wound mainspring, as SVG: on its tile for windows and files, and with a badge per state for the tray. */

/** What the tray can say. */
export const TRAY_STATES = ['stopped', 'starting', 'running', 'attention', 'failed'] as const;
/** One thing that the tray can say. */
export type TrayState = (typeof TRAY_STATES)[number];

/** The spring in a box of 32: the same path as the dashboard's favicon. */
const SPRING =
  'M16 16.4a1.6 1.6 0 1 0-1.5-2.1c-.9 2.4.9 5 3.5 4.9 3.6-.2 5.6-4.1 4.2-7.4-1.7-4.2-6.9-5.6-10.7-3.2-4.7 2.9-5.7 9.2-2.6 13.6 3.2 4.6 9.6 5.6 14.4 2.8';
/** The same spring with one turn less: what can still be seen in 16 pixels. */
const SHORT_SPRING = 'M12.4 14.4A4.3 4.3 0 0 0 21 14.4A7.7 7.7 0 0 0 5.6 14.4A11 11 0 0 0 25 21.5';

const ACCENT = '#5b9bff';
const TILE = '#151a21';

const wrap = (body: string): string => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${body}</svg>`;

/** Below this many pixels the full spring's turns run together. */
const SMALLEST_FULL_SPRING = 28;

/** The application's icon as SVG for a picture of `size` pixels: small ones have fewer turns and a stronger line. */
export function applicationIcon(size: number): string {
  const isSmall = size < SMALLEST_FULL_SPRING;
  const [path, width] = isSmall ? [SHORT_SPRING, size < 20 ? 3.2 : 3] : [SPRING, size < 64 ? 2.6 : 2.3];
  // A hair of light around the tile keeps it apart from a dark task bar.
  const tile = `<rect x=".5" y=".5" width="31" height="31" rx="7.5" fill="${TILE}" stroke="#3a4759" stroke-width="1"/>`;
  // The drawing's own middle lies a little above and left of the box's.
  const place = isSmall ? 'translate(.5 .2)' : 'translate(16 16) scale(1.12) translate(-15.1 -16.9)';
  return wrap(`${tile}<path d="${path}" fill="none" stroke="${ACCENT}" stroke-width="${width}" stroke-linecap="round" transform="${place}"/>`);
}

/** Each state has a colour and a shape of its own, so that it can be told without colours. In a box of 16 around the badge's middle. */
const BADGES: Readonly<Record<TrayState, { readonly spring: string; readonly shape: (colour: string) => string; readonly colour: string }>> = {
  stopped: { spring: '#98a2b0', colour: '#aab4c2', shape: (colour) => `<rect x="2.5" y="2.5" width="11" height="11" rx="1.5" fill="${colour}"/>` },
  starting: { spring: '#ffffff', colour: '#4d94ff', shape: (colour) => `<circle cx="8" cy="8" r="5" fill="none" stroke="${colour}" stroke-width="3.4"/>` },
  running: { spring: '#ffffff', colour: '#2fd07a', shape: (colour) => `<circle cx="8" cy="8" r="6.5" fill="${colour}"/>` },
  attention: { spring: '#ffffff', colour: '#ffb020', shape: (colour) => `<path d="M8 1.8 14.8 14H1.2Z" fill="${colour}" stroke="${colour}" stroke-width="1.2" stroke-linejoin="round"/>` },
  failed: { spring: '#ffffff', colour: '#ff5a52', shape: (colour) => `<path d="M3.2 3.2 12.8 12.8M12.8 3.2 3.2 12.8" fill="none" stroke="${colour}" stroke-width="4" stroke-linecap="round"/>` },
};

/**
 * The tray's icon as SVG: the spring on its own tile (legible on light and dark task bars), the state's badge at the
 * lower right in a gap cut out of the tile.
 */
export function trayIcon(state: TrayState): string {
  const { spring, colour, shape } = BADGES[state];
  const gap = '<mask id="gap"><rect width="32" height="32" fill="#fff"/><circle cx="23" cy="23" r="10.3" fill="#000"/></mask>';
  const tile = `<rect x=".5" y=".5" width="31" height="31" rx="7" fill="${TILE}" stroke="#5a6779" stroke-width="1"/>`;
  const line = `<path d="${SHORT_SPRING}" fill="none" stroke="${spring}" stroke-width="3.2" stroke-linecap="round" transform="translate(-.8 -1.2)"/>`;
  // The badge stands on a dark disc of its own: amber on a white task bar would be lost.
  const disc = `<circle cx="23" cy="23" r="9" fill="${TILE}"/>`;
  return wrap(`<defs>${gap}</defs><g mask="url(#gap)">${tile}${line}</g>${disc}<g transform="translate(15 15)">${shape(colour)}</g>`);
}

/** The picture beside the installer's first and last page, 164 x 314 pixels: the spring grows out of the page. */
export function installerSidebar(): string {
  const shade = `<linearGradient id="shade" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${TILE}"/><stop offset="1" stop-color="#0d1117"/></linearGradient>`;
  const spring = (scale: number, x: number, y: number, look: string): string => `<path d="${SPRING}" fill="none" stroke-linecap="round" transform="translate(${x} ${y}) scale(${scale}) translate(-15.1 -16.9)" ${look}/>`;
  const ghost = spring(13, 128, 232, 'stroke="#1f2a3a" stroke-width="1.5"');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 164 314"><defs>${shade}</defs><rect width="164" height="314" fill="url(#shade)"/>${ghost}${spring(4.2, 74, 92, `stroke="${ACCENT}" stroke-width="2.2"`)}</svg>`;
}
