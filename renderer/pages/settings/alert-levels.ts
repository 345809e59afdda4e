/** From which severity on a kind of message is sent: the levels worth choosing, and whether a choice lets anything through. Pure. */
import { ALERT_SEVERITIES } from '#app/contracts/alert-settings.ts';
import type { AlertChoice, AlertSeverity } from '#app/contracts/alert-settings.ts';

/** The levels that make a difference for messages of these severities, and the one that is chosen now. levelsOf(['warning'], 'warning') = ['warning'] */
export function levelsOf(severities: readonly AlertSeverity[], chosen: AlertSeverity): readonly AlertSeverity[] {
  return ALERT_SEVERITIES.filter((severity) => severities.includes(severity) || (severity === chosen && !isBelowAll(severity, severities)));
}

function isBelowAll(level: AlertSeverity, severities: readonly AlertSeverity[]): boolean {
  return severities.every((severity) => ALERT_SEVERITIES.indexOf(severity) > ALERT_SEVERITIES.indexOf(level));
}

/** Does a choice let any message of these severities through? */
export function reaches({ isEnabled, leastSeverity }: Pick<AlertChoice, 'isEnabled' | 'leastSeverity'>, severities: readonly AlertSeverity[]): boolean {
  return isEnabled && severities.some((severity) => ALERT_SEVERITIES.indexOf(severity) >= ALERT_SEVERITIES.indexOf(leastSeverity));
}
