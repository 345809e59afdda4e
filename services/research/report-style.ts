/** The look of a back-test's report: the dashboard's tokens, light and dark, screen and paper. Constant text, and the only style of the page. */
import { PAGE_TOKENS } from '#chassis/page-style.ts';

/** The whole style. */
export const BACKTEST_STYLE = `
${PAGE_TOKENS}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:400 13px/1.5 'Inter Variable',Inter,system-ui,-apple-system,'Segoe UI',sans-serif;font-variant-numeric:tabular-nums;-webkit-font-smoothing:antialiased}
main{max-width:1180px;margin:0 auto;padding:26px 32px 44px}
code,.mono{font-family:'JetBrains Mono',ui-monospace,'SF Mono',Menlo,Consolas,monospace;font-size:11.5px}
header.top{display:flex;align-items:center;gap:10px;margin-bottom:24px;color:var(--muted);font-weight:500}
header.top strong{color:var(--text);font-weight:620;font-size:14px;letter-spacing:-.01em}
header.top svg{width:22px;height:22px;color:var(--accent)}
header.top .when{margin-left:auto;font-weight:400;font-size:12px}
h1{margin:0;font-size:27px;line-height:1.2;font-weight:640;letter-spacing:-.02em}
h1 span{color:var(--muted);font-weight:480}
.lead{margin:8px 0 20px;max-width:82ch;font-size:15px;line-height:1.55;color:var(--muted);text-wrap:pretty}
.lead b{color:var(--text);font-weight:600}
.chips{display:flex;flex-wrap:wrap;gap:6px;margin:-8px 0 20px;padding:0;list-style:none}
.chips li{padding:2px 9px;border:1px solid var(--line);border-radius:5px;background:var(--surface);font-size:12px;color:var(--muted)}
.chips b{color:var(--text);font-weight:560;margin-left:5px}
section{border:1px solid var(--line);border-radius:10px;background:var(--surface);padding:18px 20px 16px;margin:0 0 16px;min-width:0}
h2{margin:0;font-size:14px;font-weight:620;letter-spacing:-.005em}
h2+p{margin:2px 0 12px;color:var(--muted);font-size:12px;text-wrap:pretty}
h3{margin:0 0 4px;font-size:12px;font-weight:600;color:var(--muted)}
.verdict{--tone:var(--warn);padding:18px 22px 16px;border-left:4px solid var(--tone)}
.verdict.believe{--tone:var(--up)} .verdict.do_not_believe{--tone:var(--down)}
.noticed{margin:12px 0 0;color:var(--muted);font-size:12px;text-wrap:pretty} .noticed a{color:var(--accent)}
.verdict .head{display:flex;gap:14px;align-items:baseline}
.verdict .belief{flex:none;padding:2px 11px;border-radius:5px;font-size:12px;line-height:20px;font-weight:640;color:var(--tone);background:color-mix(in srgb,var(--tone) 12%,transparent)}
.verdict .headline{font-size:15px;line-height:1.45;font-weight:560;margin:0;text-wrap:pretty}
.reasons{list-style:none;margin:14px 0 0;padding:0;display:grid;grid-template-columns:1fr 1fr;gap:8px 28px}
.reasons li{display:grid;grid-template-columns:18px 1fr;gap:0 6px;text-wrap:pretty}
.reasons i{font-style:normal;font-weight:700;text-align:center}
.reasons .bad i{color:var(--down)} .reasons .weak i{color:var(--warn)} .reasons .unknown i{color:var(--muted)} .reasons .good i{color:var(--up)}
.reasons small{display:block;font-size:12px;color:var(--muted)}
details{margin:12px 0 0} summary{cursor:pointer;color:var(--muted);font-size:12px;font-weight:500}
summary:focus-visible,label:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.figures{display:grid;grid-template-columns:repeat(6,1fr);border:1px solid var(--line);border-radius:10px;background:var(--surface);margin:0 0 16px;overflow:hidden}
.figures div{padding:15px 18px 14px;border-left:1px solid var(--line);min-width:0}
.figures div:first-child{border-left:0}
.figures dt{color:var(--muted);font-size:12px}
.figures dd{margin:3px 0 0;font-size:20px;line-height:1.25;font-weight:600;letter-spacing:-.015em;white-space:nowrap}
.figures dd small{display:block;font-size:12px;font-weight:450;letter-spacing:0;color:var(--muted);white-space:normal}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:16px;margin:0 0 16px;align-items:stretch}
.pair>section{margin:0}
.three{display:grid;grid-template-columns:repeat(3,1fr);gap:12px 18px}
.titled{display:flex;align-items:baseline;gap:16px} .titled .legend{margin-left:auto}
.legend{display:flex;gap:16px;font-size:12px;color:var(--muted)}
.legend span::before{content:'';display:inline-block;width:14px;height:0;border-top:2px solid var(--up);margin:0 6px 3px 0;vertical-align:middle}
.legend .down::before{border-color:var(--down)} .legend .benchmark::before{border-color:var(--muted);border-top-style:dashed}
.switch{display:inline-flex;border:1px solid var(--line);border-radius:6px;overflow:hidden}
.switch label{padding:2px 10px;font-size:12px;color:var(--muted);cursor:pointer}
.scale{position:absolute;opacity:0;pointer-events:none}
#scale-log:checked~.titled .for-log,#scale-linear:checked~.titled .for-linear{background:var(--hover);color:var(--text);font-weight:560}
.scale:focus-visible~.titled .switch{outline:2px solid var(--accent);outline-offset:2px}
#scale-log:checked~.linear,#scale-linear:checked~.log{display:none}
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart text{font-family:inherit;font-size:12px;fill:var(--muted)}
.chart .grid{stroke:var(--line);stroke-width:1}
.chart .axis{stroke:var(--strong);stroke-width:1.2}
.chart .reference{stroke:var(--muted);stroke-width:1;stroke-dasharray:3 4;opacity:.6}
.chart .line{fill:none;stroke-width:1.7;stroke-linejoin:round;stroke-linecap:round}
.chart .line.thin{stroke-width:1}
.chart .line.up{stroke:var(--up)} .chart .line.down{stroke:var(--down)} .chart .line.accent{stroke:var(--accent)}
.chart .line.benchmark{stroke:var(--muted);stroke-width:1.3;stroke-dasharray:5 3}
.chart .line.normal{stroke:var(--muted);stroke-width:1.4}
.chart .area{opacity:.08} .chart .area.up,.chart .dot.up,.chart .bar.up{fill:var(--up)} .chart .area.down,.chart .dot.down,.chart .bar.down{fill:var(--down)}
.chart .bar{opacity:.85} .chart .bar.flat{fill:var(--strong)} .chart .bar.benchmark{fill:var(--muted);opacity:.45}
.chart .fall{fill:var(--down);opacity:.18}
.chart .count{font-size:11px} .chart .note{fill:var(--text);font-weight:550} .chart .name{fill:var(--text);font-weight:550}
.chart .trip{fill-opacity:.55;stroke-width:1} .chart .trip.up{fill:var(--up);stroke:var(--up)} .chart .trip.down{fill:var(--down);stroke:var(--down)} .chart .trip.flat{fill:var(--muted);stroke:var(--muted)}
.groups{columns:3;column-gap:34px}
.group{margin:0 0 16px} .group h3{break-after:avoid}
.group dl{margin:0} .group dl>div{break-inside:avoid;display:flex;justify-content:space-between;gap:12px;padding:3.5px 0;border-top:1px solid var(--line);cursor:help}
.group dt{min-width:0} .group dt small{color:var(--muted);font-size:11px} .group dd{margin:0;font-weight:560;white-space:nowrap} .group dd.none{color:var(--muted);font-weight:400}
.scroll{overflow-x:auto}
.tall{max-height:440px;overflow:auto}
.tall thead th{position:sticky;top:0;background:var(--surface);box-shadow:inset 0 -1px 0 var(--strong);border-bottom:0}
table{width:100%;border-collapse:collapse;font-size:12.5px}
th,td{padding:6px 10px;text-align:right;white-space:nowrap}
th:first-child,td:first-child{padding-left:0} th:last-child,td:last-child{padding-right:0}
.tall th,.tall td{padding:5px 8px} .tall th:first-child,.tall td:first-child{padding-left:0} .tall table{font-size:12px}
th{color:var(--muted);font-weight:500;font-size:12px;border-bottom:1px solid var(--strong)}
tbody tr+tr td{border-top:1px solid var(--line)}
.left{text-align:left} .wrap{white-space:normal;text-wrap:pretty} .break{white-space:normal;overflow-wrap:anywhere}
.up{color:var(--up)} .down{color:var(--down)} .muted{color:var(--muted)}
.arrow{font-style:normal;font-size:.62em;margin-right:4px;vertical-align:.14em}
.more{margin:10px 0 0;color:var(--muted);font-size:12px}
.empty{padding:24px 0 18px;color:var(--muted);text-align:center;text-wrap:balance}
.heat td{text-align:center;padding:7px 4px;border:2px solid var(--surface);border-radius:5px;min-width:54px;font-size:12px}
.heat tbody tr+tr td{border-top:2px solid var(--surface)}
.heat th{text-align:center;border-bottom:0} .heat td.year{font-weight:600} .heat td.rim{border-left:8px solid var(--surface)}
.heat td.gain{background:color-mix(in srgb,var(--up) var(--part),transparent)} .heat td.fell{background:color-mix(in srgb,var(--down) var(--part),transparent)}
.surface td{min-width:44px;padding:6px 3px} .surface td.chosen{box-shadow:inset 0 0 0 2px var(--text);font-weight:650}
.notes{margin:0;padding-left:18px} .notes li{margin:0 0 5px;text-wrap:pretty}
.warned{border-left:4px solid var(--warn)}
.names td:first-child{color:var(--muted);width:1%} .names td{text-align:left}
.statistics td{vertical-align:baseline} .statistics .formula{font-size:12px;color:var(--muted);white-space:normal}
footer{margin-top:22px;color:var(--muted);font-size:12px;line-height:1.6;max-width:104ch;text-wrap:pretty}
@media (max-width:1080px){.groups{columns:2}}
@media (max-width:900px){.figures{grid-template-columns:repeat(3,1fr)}.figures div:nth-child(4){border-left:0}.figures div:nth-child(n+4){border-top:1px solid var(--line)}.pair,.reasons{grid-template-columns:1fr}.three{grid-template-columns:1fr}.groups{columns:1}main{padding:20px 16px}}
@media print{@page{size:A4;margin:13mm}body{background:#fff;font-size:10.5px}main{max-width:none;padding:0}section,.figures{break-inside:avoid;border-color:#d7dae0}section.long{break-inside:auto}tr{break-inside:avoid}thead{display:table-header-group}.lead{font-size:12px}.scroll,.tall{overflow:visible;max-height:none}.tall thead th{position:static}.switch{display:none}.groups{columns:3;column-gap:16px}.group dl>div{padding:2px 0}.reasons{grid-template-columns:1fr 1fr}.reasons small,h2+p,.more,.legend,.figures dt,.figures dd small,.chips li,summary,footer,header.top .when,.statistics .formula,th{font-size:9.5px}.headline{font-size:12px}h1{font-size:20px}.pair{grid-template-columns:1fr 1fr;gap:10px}.three{grid-template-columns:repeat(3,1fr)}section{padding:11px 13px}.figures dd{font-size:15px}.figures div{padding:9px 10px}table{font-size:10px}th,td{padding:4px 6px}.heat td{min-width:0;font-size:8.5px;padding:4px 1px}.heat th{padding:4px 1px;font-size:8.5px}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
`;
