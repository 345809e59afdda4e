/** What was sent to people, where, and what became of it; a test message on demand. */
import type { JSX } from 'react';
import { Button, Tooltip } from '@mantine/core';
import { IconMailForward } from '@tabler/icons-react';
import type { DeliveryView } from '#app/contracts/deliveries.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { useAge } from '../data/clock.ts';
import { useAction, useDeliveries } from '../data/queries.ts';
import { Answer, Card, Empty, Failure, Tag } from '../ui/kit.tsx';
import { age, bothZones } from '../ui/format.ts';
import { stateWords, wayWords, weekWords } from './alert-words.ts';

function Ago({ at }: { at: number }): JSX.Element {
  const ms = useAge(at);
  return <Tooltip label={bothZones(at)} multiline style={{ whiteSpace: 'pre-line' }} openDelay={300}><span className="num muted">{age(ms)}</span></Tooltip>;
}

function Delivery({ row, now }: { row: DeliveryView; now: number }): JSX.Element {
  const { word, tone, meaning } = stateWords(row, now);
  const why = row.status === 'queued' && row.error !== null ? `${row.error}. ${meaning}` : (row.error ?? meaning);
  const isExplained = row.status !== 'sent' && row.status !== 'sending';
  return (
    <li>
      <strong>{row.title}</strong>
      <Ago at={row.sentAt ?? row.createdAt} />
      <span className="alert-way"><Tooltip label={meaning} multiline w={280} openDelay={200}><span><Tag tone={tone}>{word}</Tag></span></Tooltip> <span className="muted">{wayWords(row)}</span></span>
      {isExplained && <p className={tone === 'bad' ? 'loss-text' : 'muted'}>{why}</p>}
    </li>
  );
}

function Asked({ answer }: { answer: RouteOutput<'sendTest'> }): JSX.Element {
  const outside = answer.ways.filter((way) => way.channel !== 'desktop').length;
  return <p className="alerts-asked" role="status">{outside > 0 ? 'The test message is on its way; its row says what becomes of it.' : 'The test stands in the notices of this computer.'}{answer.note !== null && ` ${answer.note}; docs/alerts.md says how to set it up.`}</p>;
}

/** The card. */
export function AlertsCard(): JSX.Element {
  const query = useDeliveries();
  const test = useAction('sendTest', [['deliveries'], ['notices']]);
  const week = query.data ? weekWords(query.data.week) : '';
  return (
    <Card
      title="Alerts"
      extra={
        <Button size="compact-xs" variant="default" miw={128} leftSection={<IconMailForward size={13} />} loading={test.isPending} onClick={() => test.mutate({})}>Send a test mail</Button>
      }
    >
      {test.error ? <Failure error={test.error} /> : test.data && <Asked answer={test.data} />}
      {week !== '' && <p className="alerts-week muted num">Last seven days: {week}</p>}
      <Answer query={query}>
        {(data) => (data.deliveries.length === 0
          ? <Empty title="Nothing was sent yet">Mails and webhook calls are listed here with what became of each: fills, risk alerts, failing parts and the summary of the day.</Empty>
          : <ul className="alerts">{data.deliveries.map((row) => <Delivery key={row.deliveryId} row={row} now={data.at} />)}</ul>)}
      </Answer>
    </Card>
  );
}
