/** How am I doing? Equity, today's P&L, cash, buying power and exposure against its limit. */
import type { JSX, ReactNode } from 'react';
import { Skeleton } from '@mantine/core';
import type { AccountView } from '#app/contracts/views.ts';
import { useEquityTrail, useStatus } from '../../data/live.ts';
import { useAccount } from '../../data/queries.ts';
import { Age, Explained, Failure, LiveNumber, Pnl } from '../../ui/kit.tsx';
import { money, percent } from '../../ui/format.ts';
import { Sparkline } from '../../ui/sparkline.tsx';
import { barLimitMs } from './freshness.ts';

function Stat({ label, unit, account, children, foot }: { label: string; unit: string; account: AccountView; children: ReactNode; foot: ReactNode }): JSX.Element {
  const status = useStatus();
  const limitMs = status?.market.session === 'open' ? barLimitMs(status.market) : undefined;
  return (
    <div className="stat">
      <div className="stat-label"><span>{label} <small>{unit}</small></span><Age at={account.tsSeen} limitMs={limitMs} source={account.source} /></div>
      <div className="stat-value">{children}</div>
      <div className="stat-foot muted">{foot}</div>
    </div>
  );
}

function ExposureBar({ account }: { account: AccountView }): JSX.Element {
  const used = Number(account.grossExposure);
  const reserved = Number(account.reserved);
  const limit = Number(account.maxGrossExposure);
  const share = (value: number): string => `${Math.min(100, (value / limit) * 100).toFixed(1)}%`;
  const tone = used + reserved > limit * 0.95 ? 'bad' : used + reserved > limit * 0.8 ? 'warn' : '';
  return (
    <div className={`exposure-bar ${tone}`} role="meter" aria-valuenow={Math.round(used)} aria-valuemin={0} aria-valuemax={Math.round(limit)} aria-label="Exposure of its limit">
      <span className="used" style={{ width: share(used) }} /><span className="reserved" style={{ width: share(reserved) }} />
    </div>
  );
}

function Stats({ account }: { account: AccountView }): JSX.Element {
  const trail = useEquityTrail();
  const used = Number(account.grossExposure) / Number(account.maxGrossExposure);
  return (
    <section className="headline" aria-label="Account">
      <Stat label="Equity" unit="USD" account={account} foot={<>realized <Pnl value={account.realizedPnl} hasArrow={false} /> · open <Pnl value={account.openPnl} hasArrow={false} /></>}>
        <Explained label="Equity = cash + long + short" rows={[['Cash', money(account.cash)], ['Long positions', money(account.longValue)], ['Short positions', money(account.shortValue)], ['Fees paid so far', money(account.feesTotal)], ['Source', account.source]]}>
          <LiveNumber value={account.equity}><b className="big">{money(account.equity)}</b></LiveNumber>
        </Explained>
      </Stat>
      <Stat label="Day P&L" unit="USD" account={account} foot={account.day === null ? 'no market day yet' : `${account.day}, limit ${money(account.maxDailyLoss, { decimals: 0 })} loss`}>
        <Explained label="Day P&L = equity − equity at the last close" rows={[['Equity now', money(account.equity)], ['At the last close', money(account.dayOpenEquity)], ['Day (New York)', account.day ?? '–']]}>
          <LiveNumber value={account.dayPnl}><Pnl value={account.dayPnl} fraction={account.dayPnlFraction} /></LiveNumber>
        </Explained>
        <Sparkline values={trail} />
      </Stat>
      <Stat label="Cash" unit="USD" account={account} foot={`${percent(Number(account.equity) === 0 ? null : Number(account.cash) / Number(account.equity), { signed: false, decimals: 1 })} of equity`}>
        <LiveNumber value={account.cash}><b>{money(account.cash)}</b></LiveNumber>
      </Stat>
      <Stat label="Buying power" unit="USD" account={account} foot={`${money(account.reserved)} reserved · ${account.openOrders} open`}>
        <Explained label="Buying power = cash − reservations" rows={[['Cash', money(account.cash)], ['Reserved by open buys', money(account.reserved)], ['Margin', 'never used']]}>
          <LiveNumber value={account.buyingPower}><b>{money(account.buyingPower)}</b></LiveNumber>
        </Explained>
      </Stat>
      <Stat label="Exposure" unit="USD" account={account} foot={<><span className="num">{percent(used, { signed: false, decimals: 1 })}</span> of limit {money(account.maxGrossExposure, { decimals: 0 })}</>}>
        <Explained label="Gross exposure = Σ |position|" rows={[['Positions', money(account.grossExposure)], ['Reserved', money(account.reserved)], ['Limit', money(account.maxGrossExposure)]]}>
          <LiveNumber value={account.grossExposure}><b>{money(account.grossExposure)}</b></LiveNumber>
        </Explained>
        <ExposureBar account={account} />
      </Stat>
      {account.unpriced.length > 0 && <p className="headline-note">No price yet for {account.unpriced.join(', ')}: equity is incomplete by {account.unpriced.length === 1 ? 'it' : 'them'}.</p>}
    </section>
  );
}

/** The headline row with its states. */
export function Headline(): JSX.Element {
  const account = useAccount();
  if (account.data) return <Stats account={account.data} />;
  if (account.error) return <section className="headline"><Failure error={account.error} retry={() => void account.refetch()} /></section>;
  return <section className="headline" aria-label="Loading">{Array.from({ length: 5 }, (_none, n) => <div key={n} className="stat"><Skeleton height={11} width={70} /><Skeleton height={22} width={130} mt={8} /><Skeleton height={11} width={110} mt={8} /></div>)}</section>;
}
