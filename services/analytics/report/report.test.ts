/** The report's small parts: escaping, numbers, scales. */
import { describe, expect, it } from 'vitest';
import { epochMs, parseRfc3339 } from '#app/domain/time.ts';
import { sampleReport } from '../../../tests/support/sample-report.ts';
import { equityChart, lyingBars, standingBars } from './charts.ts';
import { ticks } from '#chassis/page-scale.ts';
import { gain, longDay, money, number, percent, span, toneOf } from '#chassis/page-figures.ts';
import { clock } from './format.ts';
import { reportPage } from './page.ts';
import { escapeHtml, html } from '#chassis/page-html.ts';

describe('escaping', () => {
  it('leaves no sign that a browser reads, and no mark that turns what is written around', () => {
    expect(escapeHtml(`<img src=x onerror="a('b')">&\u202e\u0007`)).toBe('&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;');
  });
  it('is done for every value of a template, but for templates in it', () => {
    expect(html`<p title="${'"'}">${'<b>'}${html`<i>${'&'}</i>`}${[1, '<', null, false]}</p>`.html).toBe('<p title="&quot;">&lt;b&gt;<i>&amp;</i>1&lt;</p>');
  });
});

describe('numbers', () => {
  it.each([
    [money(-1234.5), '−$1,234.50'], [money(-0.001), '$0.00'], [money(null), '–'], [gain(12), '+$12.00'], [gain(-0.004), '$0.00'], [percent(0.0123), '+1.23 %'], [percent(-0.5, { isSigned: false, digits: 0 }), '−50 %'], [percent(0), '0.00 %'],
    [number(1_234_567.891, 1), '1,234,567.9'], [number(Number.NaN), '–'], [span(59_000), '59 s'], [span(5_400_000), '90 min'], [span(9_000_000), '2 h 30 min'], [span(200_000_000), '2 d 7 h'], [span(null), '–'],
    [clock(parseRfc3339('2024-03-05T14:30:05Z')), '09:30:05'], [longDay('2026-01-05', 1), 'Monday, 5 January 2026'], [toneOf(0.004), 'flat'], [toneOf(-0.01), 'down'],
  ])('%s', (text, expected) => {
    expect(text).toBe(expected);
  });
});

describe('scales', () => {
  it.each([[0, 95, 4, [0, 25, 50, 75]], [99_800, 100_600, 5, [99_800, 100_000, 100_200, 100_400, 100_600]], [-0.03, 0, 2, [-0.02, 0]], [5, 5, 4, [5]]])('%d to %d in about %d steps', (low, high, count, expected) => {
    expect(ticks(low, high, count).map((value) => Number(value.toFixed(9)) + 0)).toEqual(expected);
  });
});

describe('pictures', () => {
  const line = [100, 110, 99].map((equity, n) => ({ ts: epochMs(n * 60_000), equity, drawdown: [0, 0, -0.1][n] ?? 0 }));
  it('draw every point within their frame, whatever the numbers', () => {
    const drawn = [
      equityChart(line, 100, () => 'a'), equityChart(line.map((point) => ({ ...point, equity: 100, drawdown: 0 })), 100, () => 'a'), equityChart(line.slice(0, 1), 100, () => 'a'),
      standingBars([], 'n'), standingBars([{ label: 'a', value: 0, title: 't' }], 'n'), standingBars([{ label: 'a', value: -1e9, title: 't' }, { label: 'b', value: 1e-9, title: 't' }], 'n'),
      lyingBars([{ label: 'a', value: -5, title: 't' }, { label: 'x'.repeat(90), value: 0, title: 't' }]), lyingBars([{ label: 'a', value: 0, title: 't' }]),
    ];
    for (const { html: svg } of drawn) {
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      for (const [, width] of svg.matchAll(/(?:width|height)="(-?[\d.]+)"/g)) expect(Number(width)).toBeGreaterThanOrEqual(0);
      for (const [, at] of svg.matchAll(/ (?:x|y|x1|x2|y1|y2|cx|cy)="(-?[\d.]+)"/g)) expect(Number(at)).toBeGreaterThanOrEqual(-1);
    }
    expect(drawn[0]?.html).toContain('deepest −10.00 %');
  });
});

describe('the signature', () => {
  const facts = sampleReport('2026-01-05', '2026-01-06', 'demo');

  it('stands under the page with name and contact, and nothing in it is more than words', () => {
    const page = reportPage({ ...facts, signature: { name: 'Ada <b>L</b> "x"', contact: '<script>alert(1)</script>' } });
    expect(page).toContain('Signed by <b>Ada &lt;b&gt;L&lt;/b&gt; &quot;x&quot;</b>, &lt;script&gt;alert(1)&lt;/script&gt;</p>');
    expect(page).toContain('<meta name="author" content="Ada &lt;b&gt;L&lt;/b&gt; &quot;x&quot;">');
    expect(page).not.toContain('<script');
  });

  it('is not there when nobody has written a profile, and has no comma without a contact', () => {
    expect(reportPage(facts)).not.toMatch(/Signed by|name="author"/);
    expect(reportPage({ ...facts, signature: { name: 'Ada', contact: '' } })).toContain('Signed by <b>Ada</b></p>');
  });
});
