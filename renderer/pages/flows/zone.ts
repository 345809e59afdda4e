/** How far New York's clock is from UTC. Pure. */

const PARTS = new Intl.DateTimeFormat('en-US', { timeZone: 'America/New_York', timeZoneName: 'longOffset' });

/** Milliseconds that New York is ahead of UTC at a moment (negative). zoneOffsetMs(Date.UTC(2026, 0, 5)) = -18_000_000 */
export function zoneOffsetMs(at: number): number {
  const name = PARTS.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const match = /GMT([+-])(\d{2}):(\d{2})/.exec(name);
  return match === null ? 0 : (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000;
}
