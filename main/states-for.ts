/** What a worker is told of the stack: the gateway all of it; notification too, with every secret taken out, for it may send it away. */
import type { StackHealth } from '#app/contracts/health.ts';
import { redactor } from './redact.ts';
import type { RunFacts } from './runtime-config.ts';

/** Every secret of this run that a part's output could repeat. */
function secretsOf({ settings, ownerPasswords, rolePasswords, internalToken, apiToken, sessionSecret, simulatorKeys }: RunFacts): string[] {
  const { alpaca, postgres, redis, notification } = settings;
  return [
    ...Object.values(ownerPasswords), ...Object.values(rolePasswords), internalToken, apiToken, sessionSecret, simulatorKeys.keyId, simulatorKeys.secretKey,
    alpaca?.keyId, alpaca?.secretKey, postgres.password, redis.password, notification.email?.password, notification.webhook?.url, notification.webhook?.secret,
  ].filter((secret) => typeof secret === 'string');
}

/** Gives the function that makes a stack's health fit to be sent away: no notices, output of those parts alone that were given up, and no secret in any text. */
export function safeStates(facts: RunFacts): (stack: StackHealth) => StackHealth {
  let known = { settings: facts.settings, safe: redactor(secretsOf(facts)) };
  const safe = (text: string): string => {
    // A secret that was saved meanwhile is one, too.
    if (known.settings !== facts.settings) known = { settings: facts.settings, safe: redactor(secretsOf(facts)) };
    return known.safe(text);
  };
  const all = (texts: readonly string[]): string[] => texts.map(safe);
  return (stack) => ({
    ...stack,
    notices: [],
    units: stack.units.map((unit) => ({
      ...unit, reasons: all(unit.reasons),
      lastExit: unit.state === 'failed' && unit.lastExit ? { ...unit.lastExit, reason: safe(unit.lastExit.reason), firstLines: all(unit.lastExit.firstLines), lastLines: all(unit.lastExit.lastLines) } : null,
    })),
  });
}
