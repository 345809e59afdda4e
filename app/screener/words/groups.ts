/** Sectors, industries and exchanges by the names that people give them. */
import { SECTORS } from '../sectors.ts';
import type { Found } from './found.ts';
import { longest, type Rule, table } from './phrases.ts';

const plainName = (name: string): string => name.toLowerCase().replaceAll('-', ' ');
/** Names that mean something else in a wish. */
const AMBIGUOUS: ReadonlySet<string> = new Set(['it', 'industry', 'discretionary', 'cyclical', 'material', 'property']);

const SECTOR_TABLE: Rule<Found> = table<Found>([
  ...Object.entries(SECTORS).map(([name, others]) => [[name, ...others].map(plainName).filter((other) => !AMBIGUOUS.has(other)).join('|'), { kind: 'group', of: 'sector', name }] as const),
  ['pharma and health', { kind: 'group', of: 'sector', name: 'Health Care' }], ['info tech|technologies', { kind: 'group', of: 'sector', name: 'Information Technology' }], ['basic material', { kind: 'group', of: 'sector', name: 'Materials' }], ['industrials companies', { kind: 'group', of: 'sector', name: 'Industrials' }],
]);

const industry = (name: string): Found => ({ kind: 'group', of: 'industry', name });
const INDUSTRY_TABLE: Rule<Found> = table<Found>([
  ['semiconductor|semiconductors|chip|chips|chip makers|chipmakers|semis', industry('semiconductor')], ['bank|banks|banking', industry('bank')], ['biotech|biotechs|biotechnology', industry('biotech')], ['software', industry('software')], ['insurance|insurers', industry('insurance')],
  ['airline|airlines', industry('airline')], ['retail|retailers|retailer', industry('retail')], ['pharma|pharmaceutical|pharmaceuticals|drug makers', industry('pharma')], ['oil|oil and gas|oil companies', industry('oil')], ['gold|gold miners', industry('gold')], ['restaurant|restaurants', industry('restaurant')],
  ['aerospace|defense|defence|aerospace and defense', industry('aerospace')], ['auto|autos|automakers|car makers|automotive', industry('auto')], ['homebuilders|homebuilding|home builders', industry('homebuild')], ['steel', industry('steel')], ['railroad|railroads', industry('railroad')],
]);

const exchange = (name: string): Found => ({ kind: 'group', of: 'exchange', name });
const EXCHANGE_TABLE: Rule<Found> = table<Found>([['nasdaq|nasdaq listed|listed on nasdaq|on nasdaq', exchange('NASDAQ')], ['nyse|new york stock exchange|listed on nyse|on nyse', exchange('NYSE')], ['amex|nyse american', exchange('AMEX')], ['arca|nyse arca', exchange('ARCA')], ['bats|cboe', exchange('BATS')]]);

/** All of these. */
export const aGroup: Rule<Found> = longest([SECTOR_TABLE, INDUSTRY_TABLE, EXCHANGE_TABLE]);
