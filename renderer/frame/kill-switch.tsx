/** The kill switch beside HALT: three levels, each to be held, and what came of it in words. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Popover, TextInput, UnstyledButton } from '@mantine/core';
import { IconBolt, IconCircleCheck, IconClock } from '@tabler/icons-react';
import type { KillLevel, KillOutcome } from '#app/contracts/kill.ts';
import { isUnanswered } from '../data/client.ts';
import { hasShell } from '../shell/bridge.ts';
import { HoldButton } from '../ui/hold-button.tsx';
import { LEVEL_WORDS, OFFERED, outcomeWords } from './kill-words.ts';
import { useKill } from './use-kill.ts';

const NO_REASON = 'Kill switch on the dashboard';
const NO_GATEWAY = 'The gateway does not answer. Use the kill switch in the application’s window or tray, or mainspring kill on the command line: they need no gateway. Holding again here repeats the same pull.';

function Outcome({ level, outcome }: { level: KillLevel; outcome: KillOutcome }): JSX.Element {
  return (
    <div className="kill-outcome" role="status">
      <p><b>{LEVEL_WORDS[level][0]}: {outcomeWords(outcome)}</b></p>
      <ul>{outcome.steps.map((step) => <li key={step.step} className={step.ok ? 'good' : 'waiting'}>{step.ok ? <IconCircleCheck size={14} aria-label="done" /> : <IconClock size={14} aria-label="being tried again" />}<span>{step.message}</span></li>)}</ul>
    </div>
  );
}

function Levels(): JSX.Element {
  const [reason, setReason] = useState('');
  const [level, setLevel] = useState<KillLevel | null>(null);
  const action = useKill();
  const pull = (chosen: KillLevel): void => {
    setLevel(chosen);
    action.mutate({ level: chosen, reason: reason.trim() === '' ? NO_REASON : reason.trim() });
  };
  return (
    <div className="kill-levels">
      <TextInput size="xs" label="Reason, for the audit trail" placeholder={NO_REASON} value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={200} />
      <p className="muted">Hold a button for a second; nothing happens before.</p>
      {OFFERED.map((offered) => (
        <div key={offered} className="kill-level">
          <HoldButton className="kill-button" onHeld={() => pull(offered)} label={`Hold to: ${LEVEL_WORDS[offered][0]}`}>{LEVEL_WORDS[offered][0]}</HoldButton>
          <p className="muted">{LEVEL_WORDS[offered][1]}</p>
        </div>
      ))}
      {action.isPending && <p className="muted" role="status">Stopping…</p>}
      {action.error && <p className="switch-error" role="alert">{isUnanswered(action.error) && !hasShell ? NO_GATEWAY : action.error.message}</p>}
      {action.data && level !== null && <Outcome level={level} outcome={action.data} />}
    </div>
  );
}

/** The button and its levels. */
export function KillSwitch({ isNarrow }: { isNarrow: boolean }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="right-end" width={330} shadow="md" withArrow trapFocus>
      <Popover.Target>
        <UnstyledButton className="kill-open" onClick={() => setOpen((now) => !now)} aria-label="Kill switch: stop entries, cancel everything, close everything" title="Kill switch"><IconBolt size={14} aria-hidden />{!isNarrow && <span>Kill switch…</span>}</UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>{isOpen && <Levels />}</Popover.Dropdown>
    </Popover>
  );
}
