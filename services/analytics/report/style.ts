/** The report's look: the dashboard's tokens, light and dark, screen and paper. It is constant text, and the only style of the page. */
import { PAGE_TOKENS } from '#chassis/page-style.ts';

/** The style of every report. */
export const REPORT_STYLE = `
${PAGE_TOKENS}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:400 13px/1.5 'Inter Variable',Inter,system-ui,-apple-system,'Segoe UI',sans-serif;font-variant-numeric:tabular-nums;-webkit-font-smoothing:antialiased}
.mode-line{height:4px;background:var(--strong)}
.paper .mode-line{background:var(--accent)}
.live .mode-line{background:var(--warn)}
main{max-width:1120px;margin:0 auto;padding:28px 32px 40px}
header.top{display:flex;align-items:center;gap:10px;margin-bottom:26px;color:var(--muted);font-weight:500}
header.top strong{color:var(--text);font-weight:620;font-size:14px;letter-spacing:-.01em}
header.top svg{width:22px;height:22px;color:var(--accent)}
header.top .mode{margin-left:auto}
.mode{padding:2px 10px;border-radius:5px;font-size:11px;line-height:20px;font-weight:650;letter-spacing:.07em;color:var(--text);box-shadow:inset 0 0 0 1px var(--strong)}
.paper .mode{color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent);background:color-mix(in srgb,var(--accent) 10%,transparent)}
.live .mode{color:#fff;background:#b45309;box-shadow:none}
.mode small{font-size:11px;font-weight:500;letter-spacing:0;margin-left:8px;opacity:.85}
h1{margin:0;font-size:27px;line-height:1.2;font-weight:640;letter-spacing:-.02em}
.lead{margin:8px 0 24px;max-width:78ch;font-size:15px;line-height:1.55;color:var(--muted);text-wrap:pretty}
.lead b{color:var(--text);font-weight:600}
.figures{display:grid;grid-template-columns:repeat(6,1fr);border:1px solid var(--line);border-radius:10px;background:var(--surface);margin:0 0 16px;overflow:hidden}
.figures div{padding:15px 18px 14px;border-left:1px solid var(--line);min-width:0}
.figures div:first-child{border-left:0}
.figures dt{color:var(--muted);font-size:12px}
.figures dd{margin:3px 0 0;font-size:20px;line-height:1.25;font-weight:600;letter-spacing:-.015em;white-space:nowrap}
.figures dd small{display:block;font-size:12px;font-weight:450;letter-spacing:0;color:var(--muted);white-space:normal}
.figures dd.none{color:var(--muted);font-weight:450}
section{border:1px solid var(--line);border-radius:10px;background:var(--surface);padding:18px 20px 16px;margin:0 0 16px;min-width:0}
section.wide{padding-bottom:10px}
h2{margin:0;font-size:14px;font-weight:620;letter-spacing:-.005em}
h2+p{margin:2px 0 12px;color:var(--muted);font-size:12px;text-wrap:pretty}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:16px;margin:0 0 16px}
.pair>section{margin:0}
.empty{padding:24px 0 18px;color:var(--muted);text-align:center;text-wrap:balance}
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart text{font-family:inherit;font-size:12px;fill:var(--muted)}
.chart .grid{stroke:var(--line);stroke-width:1}
.chart .axis{stroke:var(--strong);stroke-width:1.2}
.chart .reference{stroke:var(--muted);stroke-width:1;stroke-dasharray:3 4;opacity:.7}
.chart .line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
.chart .line.up{stroke:var(--up)} .chart .line.down{stroke:var(--down)}
.chart .area{opacity:.09} .chart .area.up,.chart .dot.up,.chart .bar.up{fill:var(--up)} .chart .area.down,.chart .dot.down,.chart .bar.down{fill:var(--down)}
.chart .track{fill:var(--hover)} .chart .bar{opacity:.88} .chart .bar.flat{fill:var(--strong)}
.chart .fall{fill:var(--down);opacity:.2}
.chart .note{fill:var(--text);font-weight:550}
.chart .name{fill:var(--text)} .chart .amount{font-weight:600}
.chart .amount.up{fill:var(--up)} .chart .amount.down{fill:var(--down)}
.scroll{overflow-x:auto}
table{width:100%;border-collapse:collapse;font-size:12.5px}
th,td{padding:6px 10px;text-align:right;white-space:nowrap}
th:first-child,td:first-child{padding-left:0} th:last-child,td:last-child{padding-right:0}
th{color:var(--muted);font-weight:500;font-size:12px;border-bottom:1px solid var(--strong)}
tr+tr td{border-top:1px solid var(--line)}
.left{text-align:left}
.wrap{white-space:normal;text-wrap:pretty}
.up{color:var(--up)} .down{color:var(--down)} .muted{color:var(--muted)}
.arrow{font-size:.62em;margin-right:4px;vertical-align:.14em}
.more{margin:10px 0 0;color:var(--muted);font-size:12px}
.heat td{text-align:center;padding:8px 4px;border:2px solid var(--surface);border-radius:4px;min-width:56px;font-size:12px}
.heat th{text-align:center;border-bottom:0} .heat th:first-child{text-align:left}
.heat td.year{font-weight:600;background:none}
.u1{background:color-mix(in srgb,var(--up) 10%,transparent)} .u2{background:color-mix(in srgb,var(--up) 22%,transparent)} .u3{background:color-mix(in srgb,var(--up) 36%,transparent)}
.d1{background:color-mix(in srgb,var(--down) 10%,transparent)} .d2{background:color-mix(in srgb,var(--down) 22%,transparent)} .d3{background:color-mix(in srgb,var(--down) 36%,transparent)}
.statistics td{vertical-align:baseline} .statistics .value{font-weight:600} .statistics .group{padding-top:14px;color:var(--muted)}
.statistics .formula{font-size:12px;color:var(--muted);white-space:normal}
.notes li{margin:0 0 6px} .notes{margin:6px 0 0;padding-left:18px}
.signed{margin:26px 0 0;color:var(--muted);overflow-wrap:anywhere}.signed b{color:var(--text);font-weight:600}.signed+footer{margin-top:6px}
footer{margin-top:22px;color:var(--muted);font-size:12px;line-height:1.6;max-width:100ch;text-wrap:pretty}
@media (max-width:900px){.figures{grid-template-columns:repeat(3,1fr)}.figures div:nth-child(4){border-left:0}.figures div:nth-child(n+4){border-top:1px solid var(--line)}.pair{grid-template-columns:1fr}main{padding:20px 16px}}
@media print{@page{size:A4;margin:14mm}body{background:#fff;font-size:10.5px}main{max-width:none;padding:0}section,.figures{break-inside:avoid;border-color:#d7dae0}section.long{break-inside:auto}tr{break-inside:avoid}thead{display:table-header-group}.lead{font-size:12px}.scroll{overflow:visible}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`;
