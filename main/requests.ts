/** Answers what workers ask over the control channel: known verbs, parsed arguments, and only from those who may. */
import { CONTROL_VERBS } from '#app/contracts/control.ts';
import type { ControlResult, ControlVerb, TapeSummary } from '#app/contracts/control.ts';
import type { StackHealth, UnitId, UnitIncident } from '#app/contracts/health.ts';
import type { KillOutcome, KillWish } from '#app/contracts/kill.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { Accounts } from './broker/accounts.ts';
import type { ConfigurationKeeper } from './configuration.ts';
import type { Logs } from './supervisor/logs.ts';
import type { Supervisor } from './supervisor/supervisor.ts';
import type { WorkerRequest } from './supervisor/unit.ts';

/** What the answers are made of. */
export type RequestPorts = {
  readonly supervisor: () => Supervisor;
  readonly logs: Logs;
  readonly history: (question: { readonly unitId: UnitId | null; readonly limit: number }) => UnitIncident[];
  readonly stackHealth: () => StackHealth;
  readonly redeemLogin: (token: string) => boolean;
  readonly loginLink: () => string;
  readonly replayDone: (tape: TapeSummary) => void;
  readonly kill: (wish: KillWish) => Promise<KillOutcome>;
  readonly configuration: () => ConfigurationKeeper;
  /** Null: this start knows no home with accounts. */
  readonly accounts: Accounts | null;
};

/** Answers one request; every outcome is a reply. */
export function answerRequest(caller: UnitId, request: WorkerRequest, ports: RequestPorts): void {
  try {
    const callers: readonly UnitId[] = CONTROL_VERBS[request.verb].callers;
    if (!callers.includes(caller)) throw new AppError('AUTH_INVALID', `${caller} may not ask ${request.verb}`);
    const slow = performSlowly(request.verb, request.args, ports);
    if (slow !== null) slow.then((result) => request.reply({ ok: true, result }), (error: unknown) => refuse(request, error));
    else request.reply({ ok: true, result: perform(request.verb as Exclude<ControlVerb, SlowVerb>, request.args, caller, ports) });
  } catch (error) {
    refuse(request, error);
  }
}

function refuse(request: WorkerRequest, error: unknown): void {
  const code = error instanceof AppError ? error.code : 'INPUT_INVALID';
  request.reply({ ok: false, error: { code, message: describeError(error) } });
}

/** Verbs whose answer takes a while. */
type SlowVerb = 'kill' | 'settings' | 'checkSettings' | 'saveSettings' | 'brokerKeys' | 'testConnection';

function performSlowly(verb: ControlVerb, args: unknown, ports: RequestPorts): Promise<ControlResult<SlowVerb>> | null {
  if (verb === 'kill') return ports.kill(CONTROL_VERBS.kill.args.parse(args));
  if (verb === 'settings') return ports.configuration().view();
  if (verb === 'checkSettings') return ports.configuration().check(CONTROL_VERBS.checkSettings.args.parse(args).changes);
  if (verb === 'brokerKeys') return accountsOf(ports).keys();
  // Keys never come from a worker: what is stored is tested, and nothing else.
  if (verb === 'testConnection') return accountsOf(ports).test(CONTROL_VERBS.testConnection.args.parse(args).account, null);
  if (verb !== 'saveSettings') return null;
  return ports.configuration().save(CONTROL_VERBS.saveSettings.args.parse(args));
}

/** @throws AppError CONFIG_INVALID (operator) */
function accountsOf({ accounts }: RequestPorts): Accounts {
  if (accounts === null) throw new AppError('CONFIG_INVALID', 'This start has no broker accounts of its own. Use "mainspring keys" on the command line.');
  return accounts;
}

function perform(verb: Exclude<ControlVerb, SlowVerb>, args: unknown, caller: UnitId, ports: RequestPorts): ControlResult<ControlVerb> {
  switch (verb) {
    case 'startUnit':
    case 'stopUnit':
    case 'restartUnit': {
      const { unitId } = CONTROL_VERBS[verb].args.parse(args);
      const wish = verb === 'startUnit' ? 'start' : verb === 'stopUnit' ? 'stop' : 'restart';
      // A gateway that stops itself could not be started again by the same hand.
      if (unitId === caller && wish === 'stop') throw new AppError('INPUT_INVALID', 'The gateway cannot be stopped from the dashboard that it serves; restart it, or run "mainspring stop".');
      ports.supervisor().command(unitId, wish, 'asked for in the dashboard');
      return { accepted: true };
    }
    case 'unitLogs': {
      const { unitId, lines, afterSeq } = CONTROL_VERBS.unitLogs.args.parse(args);
      return { lines: ports.logs.of(unitId).tail(lines, afterSeq) };
    }
    case 'unitHistory':
      return { incidents: ports.history(CONTROL_VERBS.unitHistory.args.parse(args)) };
    case 'stackHealth':
      return ports.stackHealth();
    case 'redeemLogin':
      return { valid: ports.redeemLogin(CONTROL_VERBS.redeemLogin.args.parse(args).token) };
    case 'loginLink':
      return { url: ports.loginLink() };
    case 'replayDone':
      ports.replayDone(CONTROL_VERBS.replayDone.args.parse(args).summary);
      return { accepted: true };
  }
}
