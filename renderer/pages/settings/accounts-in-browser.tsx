/** Broker accounts in a browser: what is kept is told and tested, and nothing entered, for keys never travel through a browser. */
import type { JSX } from 'react';
import type { BrokerAccount, KeyStatus } from '#app/contracts/broker-keys.ts';
import { TestButton, TestOutcome } from '../../application/connection-test.tsx';
import { KEPT_KEYS, useConnectionTest } from '../../application/connection-tests.ts';
import { useNow } from '../../data/clock.ts';
import { useRoute } from '../../data/queries.ts';
import { useMode } from '../../data/stack.ts';
import { ModeMark } from '../../frame/top-bar.tsx';
import { age, bothZones } from '../../ui/format.ts';
import { Answer } from '../../ui/kit.tsx';
import { SettingRow } from './setting-row.tsx';

const NAMES: Readonly<Record<BrokerAccount, string>> = { paper: 'Paper account', live: 'Live account' };

function Kept({ account, keys: { isSet, ending, savedAt }, isDecided }: { account: BrokerAccount; keys: KeyStatus; isDecided: boolean }): JSX.Element {
  const now = useNow();
  if (isSet) return <>Keys <code>••••{ending ?? ''}</code>{savedAt !== null && <span title={bothZones(savedAt)}>, saved {age(Math.max(0, now - savedAt))} ago</span>}. To replace them: <code>mainspring keys set {account}</code></>;
  if (isDecided) return <>The keys are in the settings: <code>.env</code> or the environment.</>;
  return <>No keys are kept. On the computer that runs Mainspring: <code>mainspring keys set {account}</code></>;
}

function Account({ account, keys }: { account: BrokerAccount; keys: KeyStatus }): JSX.Element {
  const act = useConnectionTest(account);
  const isDecided = useMode() === account && !keys.isSet;
  return (
    <div className="se-account">
      <SettingRow title={NAMES[account]} effect={<Kept account={account} keys={keys} isDecided={isDecided} />} fallback={null} undo={null}>{(keys.isSet || isDecided) && <TestButton account={account} act={act} />}</SettingRow>
      <TestOutcome account={account} act={act} keys={keys} />
    </div>
  );
}

/** The section where there is no window. */
export function AccountsInBrowser(): JSX.Element {
  const mode = useMode();
  const query = useRoute('brokerAccounts', KEPT_KEYS, {});
  return (
    <>
      <SettingRow title="Market" effect={<>Which account orders go to. It is chosen in the desktop application; without it: <code>mainspring mode paper</code>, then a new start.</>} fallback="demo" undo={null}><ModeMark mode={mode} isMarkOnly /></SettingRow>
      <Answer query={query}>{(keys) => <><Account account="paper" keys={keys.paper} /><Account account="live" keys={keys.live} /></>}</Answer>
      <p className="muted se-told">Keys are never entered in a browser: they are typed in the desktop application, or after <code>mainspring keys set</code> on the command line, and are never shown again. A test asks Alpaca for account, clock and market data, never for an order.</p>
    </>
  );
}
