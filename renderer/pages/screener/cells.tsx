/** What stands in the cells of the result. */
import type { JSX } from 'react';
import { Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconBriefcase, IconClockExclamation, IconTargetArrow } from '@tabler/icons-react';
import type { ScreenRow } from '#app/contracts/screener.ts';
import { bothZones, money, percent, signOf } from '../../ui/format.ts';

/** A change as percent: sign, arrow and colour say the same. `isBare`: the unit stands in the header. */
export function ChangeWords({ value, isBare = false }: { value: number | null; isBare?: boolean }): JSX.Element {
  const sign = value === null ? 0 : signOf(value.toFixed(4));
  return <span className={`num pnl sign${sign}`}>{sign !== 0 && <i aria-hidden>{sign > 0 ? '▲' : '▼'}</i>}{isBare && value !== null ? money(value * 100, { signed: true }) : percent(value)}</span>;
}

type Badge = ScreenRow['badges'][number];

const ICONS = { held: IconBriefcase, signal: IconTargetArrow, stale: IconClockExclamation, quality: IconAlertTriangle } as const;

function Mark({ badge }: { badge: Badge }): JSX.Element {
  const Icon = ICONS[badge.kind];
  const words = badge.kind === 'signal' ? `${badge.text}\n${bothZones(badge.at)}` : badge.text;
  return <Tooltip label={words} multiline maw={320} style={{ whiteSpace: 'pre-line' }}><span className={`row-mark ${badge.kind}`} role="img" aria-label={`${badge.kind}: ${badge.text}`}><Icon size={13} /></span></Tooltip>;
}

/** All marks of a row. */
export function Marks({ badges }: { badges: readonly Badge[] }): JSX.Element {
  return <span className="row-marks">{badges.map((badge, n) => <Mark key={`${badge.kind}-${n}`} badge={badge} />)}</span>;
}
