/** Recorded files: what is read, what is refused and in which words, and the tape they make. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { openReplayMarket } from './replay.ts';
import { parseSeries, readReplayFolder } from './replay-files.ts';

const HEADER = 'time,open,high,low,close,volume\n';
const LINE = '2014-06-05 09:30:00,646.2,647,645.5,646.5,1000\n';
const folders: string[] = [];
const folderOf = async (files: Record<string, string | Buffer>): Promise<string> => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'replay-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(folder, name), content);
  return folder;
};
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

describe('reading a folder', () => {
  it('reads plain and gzip files, with New York time in both halves of the year, and names what it ignores', async () => {
    const folder = await folderOf({
      'aapl.trade.csv.gz': gzipSync(HEADER + LINE), 'ibm.csv': `${HEADER}2014-12-05 09:30:00,160,161,159,160.5,50\r\n`, 'aapl.quote.csv.gz': 'x', 'notes.txt': 'x',
    });
    const { series, ignored, fingerprint } = await readReplayFolder(folder);
    expect(series.map((one) => [one.symbol, one.openTimes[0]])).toEqual([['AAPL', parseRfc3339('2014-06-05T13:30:00Z')], ['IBM', parseRfc3339('2014-12-05T14:30:00Z')]]);
    expect([...(series[0]?.values ?? [])]).toEqual([646.2, 647, 645.5, 646.5, 1000]);
    expect(ignored).toEqual(['aapl.quote.csv.gz', 'notes.txt']);
    expect((await readReplayFolder(folder)).fingerprint).toBe(fingerprint);
  });
  it.each<[string, Record<string, string | Buffer>, RegExp]>([
    ['an empty folder', {}, /holds no bar files; name them <symbol>/],
    ['broken gzip', { 'aapl.csv.gz': 'not gzip' }, /aapl\.csv\.gz: cannot be read .*must be gzip/],
    ['one symbol twice', { 'aapl.csv': HEADER + LINE, 'aapl.trade.csv': HEADER + LINE }, /holds AAPL, which aapl\.csv holds too/],
  ])('refuses %s', async (_name, files, message) => {
    await expect(readReplayFolder(await folderOf(files))).rejects.toThrow(message);
  });
  it('refuses a folder that is not there', async () => {
    await expect(readReplayFolder(path.join(os.tmpdir(), 'no-such-folder-here'))).rejects.toMatchObject({ code: 'REPLAY_FILE_INVALID' });
  });
  it.each([
    ['another header', 'date,o,h,l,c,v\n', /aapl\.csv line 1: the header is "date,o,h,l,c,v"; it must read time,open/],
    ['no lines', HEADER, /holds no bars/],
    ['a missing column', `${HEADER}2014-06-05 09:30:00,1,1,1,1\n`, /line 2: has 5 columns/],
    ['a time with seconds', `${HEADER}2014-06-05 09:30:07,1,1,1,1,1\n`, /line 2 column time: "2014-06-05 09:30:07" is not the start of a minute/],
    ['a day that does not exist', `${HEADER}2014-02-30 09:30:00,1,1,1,1,1\n`, /line 2 column time/],
    ['lines out of order', HEADER + LINE + LINE, /line 3 column time: .* does not come after/],
    ['a word for a price', `${HEADER}2014-06-05 09:30:00,1,abc,1,1,1\n`, /line 2 column high: "abc" is not a price above zero/],
    ['a price of zero', `${HEADER}2014-06-05 09:30:00,1,1,0,1,1\n`, /line 2 column low/],
    ['infinity', `${HEADER}2014-06-05 09:30:00,1,1e400,1,1,1\n`, /line 2 column high/],
    ['a negative volume', `${HEADER}2014-06-05 09:30:00,1,1,1,1,-5\n`, /line 2 column volume/],
    ['a high below the close', `${HEADER}2014-06-05 09:30:00,1,1,1,2,5\n`, /line 2 column high: 1 is below/],
  ])('refuses %s', (_name, text, message) => {
    expect(() => parseSeries('aapl.csv', text)).toThrow(message);
  });
});

describe('the tape', () => {
  it('gives all bars of a minute in one step, in time order, across gaps of days', async () => {
    const market = openReplayMarket(await readReplayFolder(await folderOf({
      'ibm.csv': `${HEADER}2014-06-05 09:31:00,160,161,159,160.5,50\n2014-06-09 09:30:00,161,161,161,161,1\n`,
      'aapl.csv': `${HEADER}2014-06-05 09:20:00,640,640,640,640,5\n2014-06-05 09:31:00,646,647,645,646,10\n`,
    })));
    expect(market.size).toEqual({ steps: 3, bars: 4 });
    const steps = [];
    for (let step = market.nextStep((market.startTime - 1) as EpochMs); step; step = market.nextStep(step.openTime)) steps.push(step);
    expect(steps.map((step) => [new Date(step.openTime).toISOString(), step.isRegular, step.bars.map((bar) => `${bar.symbol} ${bar.close}`)])).toEqual([
      ['2014-06-05T13:20:00.000Z', false, ['AAPL 640']], ['2014-06-05T13:31:00.000Z', true, ['AAPL 646', 'IBM 160.5']], ['2014-06-09T13:30:00.000Z', true, ['IBM 161']],
    ]);
    const middle = steps[1]?.openTime ?? (0 as EpochMs);
    expect(market.stepAt(middle)).toEqual(steps[1]);
    expect(market.bars('IBM', { from: 0 as EpochMs, to: middle, limit: 10 }).map((bar) => bar.close)).toEqual([160.5]);
    expect(market.bars('IBM', { from: 0 as EpochMs, to: 9e12 as EpochMs, limit: 1, isDescending: true }).map((bar) => bar.close)).toEqual([161]);
  });
});
