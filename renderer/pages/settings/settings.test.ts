/** What the settings page works out by itself: finding, limits that allow more, files in and out. */
import { describe, expect, it } from 'vitest';
import type { Configuration } from '#app/contracts/configuration.ts';
import { DEFAULT_RISK_LIMITS, riskLimitsSchema } from '#app/domain/limits.ts';
import { readSettingsSearch } from './address.ts';
import { levelsOf, reaches } from './alert-levels.ts';
import { LIMIT_FIELDS, limitEffect, limitsAfter, loosened } from './limits.ts';
import { matches } from './search.ts';
import { changesOf, readSettingsFile, settingsFile } from './transfer.ts';

const setting = (key: Configuration['settings'][number]['key'], value: string | null, more: Partial<Configuration['settings'][number]> = {}): Configuration['settings'][number] =>
  ({ key, value, isSet: value !== null, origin: value === null ? 'default' : 'saved', place: null, isLocked: false, isPending: false, ...more });
const HERE: Configuration = { keptBy: 'file', savedAt: 1, settings: [setting('LOG_LEVEL', 'debug'), setting('WEB_SERVER_PORT', '8123'), setting('SMTP_PASSWORD', null, { isSet: true, origin: 'saved' }), setting('REDIS_PORT', '6400', { origin: 'file', isLocked: true, place: '.env line 1' })] };

describe('the address and the search', () => {
  it('know their sections and drop the rest', () => {
    expect([readSettingsSearch({ section: 'risk' }), readSettingsSearch({ section: 'nothing' }), readSettingsSearch({ section: 4 })]).toEqual([{ section: 'risk' }, {}, {}]);
  });
  it('find by all words, wherever they stand', () => {
    expect([matches('', 'x'), matches('mail port', 'SMTP_PORT', 'Port of the mail server'), matches('mail port', 'Mail')]).toEqual([true, true, false]);
  });
});

describe('limits', () => {
  it('are all on the page, each with its sentence', () => {
    expect([...LIMIT_FIELDS.keys()].sort()).toEqual(Object.keys(riskLimitsSchema.shape).sort());
    expect([...LIMIT_FIELDS.values()].filter(({ key }) => limitEffect(key) === '')).toEqual([]);
  });
  it('are read as people write numbers, and say which field is none', () => {
    expect(limitsAfter(DEFAULT_RISK_LIMITS, { maxOrderNotional: '12,500', maxOrdersPerDay: '1 000' }).limits).toMatchObject({ maxOrderNotional: '12500', maxOrdersPerDay: 1_000 });
    expect([...limitsAfter(DEFAULT_RISK_LIMITS, { maxOrderNotional: 'much', maxOrdersPerDay: '1.5' }).problems.keys()].sort()).toEqual(['maxOrderNotional', 'maxOrdersPerDay']);
  });
  it('that allow more are told apart from those that allow less', () => {
    const after = riskLimitsSchema.parse({ ...DEFAULT_RISK_LIMITS, maxOrderNotional: '9000', maxGrossExposure: '90000', marginHeadroomPercent: '5', allowShort: true, maxDailyLoss: '2000.00' });
    expect(loosened(DEFAULT_RISK_LIMITS, after).map(({ key }) => key)).toEqual(['maxGrossExposure', 'allowShort', 'marginHeadroomPercent']);
    expect(loosened(after, DEFAULT_RISK_LIMITS).map(({ key }) => key)).toEqual(['maxOrderNotional']);
  });
});

describe('from which severity on a message is sent', () => {
  it('is a choice of what makes a difference, and of what was chosen before', () => {
    expect([levelsOf(['warning'], 'warning'), levelsOf(['warning'], 'info'), levelsOf(['info', 'warning'], 'info'), levelsOf(['info'], 'critical')]).toEqual([['warning'], ['warning'], ['info', 'warning'], ['info', 'critical']]);
  });
  it('lets something through, or nothing at all', () => {
    expect([reaches({ isEnabled: true, leastSeverity: 'info' }, ['warning']), reaches({ isEnabled: false, leastSeverity: 'info' }, ['warning']), reaches({ isEnabled: true, leastSeverity: 'critical' }, ['info', 'warning'])]).toEqual([true, false, false]);
  });
});

describe('a file of settings', () => {
  const file = settingsFile({ configuration: HERE, limits: DEFAULT_RISK_LIMITS, flows: {}, look: { scheme: 'dark' }, now: 5 });

  it('holds what was saved here: no secret, nothing that stands in .env', () => {
    expect(file.settings).toEqual({ LOG_LEVEL: 'debug', WEB_SERVER_PORT: '8123' });
    expect(readSettingsFile(JSON.stringify(file))).toEqual({ file });
  });
  it('changes what differs, takes back what it does not have, and leaves alone what is locked or secret', () => {
    const other = { ...file, settings: { LOG_LEVEL: 'warn' as const, REDIS_PORT: '6500' }, limits: { ...DEFAULT_RISK_LIMITS, allowShort: true, maxDailyLoss: '900' } };
    expect(changesOf(other, HERE, DEFAULT_RISK_LIMITS)).toEqual({ settings: { LOG_LEVEL: 'warn', WEB_SERVER_PORT: null }, limits: { allowShort: true, maxDailyLoss: '900' }, locked: ['REDIS_PORT'] });
    expect(changesOf(file, HERE, DEFAULT_RISK_LIMITS)).toEqual({ settings: {}, limits: {}, locked: [] });
  });
  it('that is none says what is wrong with it', () => {
    const problem = (text: string): string => {
      const read = readSettingsFile(text);
      return 'problem' in read ? read.problem : '';
    };
    expect(problem('no json')).toContain('cannot be read as JSON');
    expect(problem(JSON.stringify({ ...file, format: 'x' }))).toBe('format: is no file of settings that Mainspring wrote. Nothing was changed.');
    expect(problem(JSON.stringify({ ...file, formatVersion: 2 }))).toContain('written by another version');
    expect(problem(JSON.stringify({ ...file, settings: { ALPACA_SECRET_KEY: 'x' } }))).toMatch(/^settings/);
    expect(problem(JSON.stringify({ ...file, limits: { ...DEFAULT_RISK_LIMITS, maxOrderNotional: '-1' } }))).toMatch(/^limits.maxOrderNotional/);
  });
});
