/** Carries out what follows a pull of the kill switch: state, cancels, exits, each through the worker that owns it. */
import type { CommandAsk, CommandName, CommandOutput } from '#app/contracts/commands.ts';
import { KILL_FRESH_MS } from '#app/contracts/kill.ts';
import { AppError } from '#app/domain/errors.ts';
import { STEP_WORDS, STEPS_OF, type KillStep, type Pull, type Pulls } from './kill-pulls.ts';

/** What the steps need. `wall` is EpochMs; `onStored`: the book has the state of this key. */
export type StepPorts = {
  readonly command: <N extends CommandName>(name: N, input: CommandAsk<N>) => Promise<CommandOutput<N>>;
  readonly tell: (level: 'warn' | 'error', text: string) => void;
  readonly wall: () => number;
  readonly onStored: (key: string) => void;
};

/** Refusals that a repetition may outlast. */
function mayPass(error: AppError): boolean {
  return error.family === 'temporary' || error.family === 'conflict' || error.family === 'unknown';
}

async function act(ports: StepPorts, { latch, level }: Pull, step: KillStep): Promise<string> {
  const { key, state, reason, actor } = latch;
  const who = { idempotencyKey: key, actor };
  switch (step) {
    case 'state': {
      // Whoever stops entries does not open what is halted.
      const now = await ports.command('setTradingState', { ...who, state, reason, onlyStricter: level !== 'flatten' });
      return `version ${now.version}: ${now.state}`;
    }
    case 'cancel':
      return `${(await ports.command('cancelOrder', { ...who, clientOrderId: null })).requested.length} orders`;
    case 'flatten': {
      const { decisions } = await ports.command('flatten', { ...who, symbol: null });
      const exits = decisions.filter((decision) => decision.outcome === 'approved').length;
      return `${exits} exits sent, ${decisions.length - exits} follow or need none`;
    }
  }
}

/** Tries every step that is left of a pull, in order. Positions are closed after the state allows it and the orders that hold them are being canceled. */
export async function carryOut(ports: StepPorts, pulls: Pulls, key: string): Promise<void> {
  const finish = (step: KillStep, message: string): void => {
    pulls.done(key, step, message);
    if (step === 'state') ports.onStored(key);
  };
  for (const step of STEPS_OF[pulls.find(key)?.level ?? 'halt']) {
    const pull = pulls.find(key);
    if (!pull?.left.includes(step)) continue;
    if (step === 'flatten' && pull.left.some((other) => other !== step)) return;
    if (step !== 'state' && ports.wall() - pull.latch.at > KILL_FRESH_MS) {
      ports.tell('error', `${STEP_WORDS[step]}: not done within 15 minutes of the kill switch, and given up. Look at the orders and positions, and pull it again if you still want it.`);
      finish(step, 'given up');
      continue;
    }
    try {
      finish(step, await act(ports, pull, step));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const isNew = pulls.say(key, step, error.message);
      if (mayPass(error)) continue;
      if (isNew) ports.tell('error', `${STEP_WORDS[step]}: refused. ${error.message}`);
      // The latch holds until the book has the state: let go without it, trading would go on.
      if (step !== 'state') finish(step, error.message);
    }
  }
}
