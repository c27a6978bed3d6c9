"""The look of the report: one style sheet, readable on a telephone, on a desk and in print."""

STYLE = """
:root { color-scheme: light; --ink: #1f2937; --quiet: #6b7280; --line: #e5e7eb; --paper: #ffffff; --ground: #f6f7f9; --link: #0b5cad; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 1080px; margin: 0 auto; padding: 0 16px; }
header { padding-top: 28px; } footer { padding-bottom: 48px; }
h1 { font-size: 1.65rem; margin: 0 0 .2rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .8rem; }
h3 { font-size: 1.12rem; margin: 0; display: flex; flex-wrap: wrap; gap: .35rem .7rem; align-items: center; }
h4 { font-size: .8rem; margin: 1.3rem 0 .4rem; color: var(--quiet); text-transform: uppercase; letter-spacing: .04em; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
p { margin: .5rem 0; } .quiet { color: var(--quiet); } .small { font-size: .875rem; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin: 0 0 18px;
  scroll-margin-top: 12px; }
.badge { display: inline-block; border-radius: 999px; padding: .1rem .65rem; font-size: .78rem; font-weight: 600; white-space: nowrap; }
.good { background: #dcf5e7; color: #08633a; } .bad { background: #fde2e1; color: #9b1c1c; }
.open { background: #fdf0cd; color: #7a4a00; } .none { background: #e3eefb; color: #1c4a7e; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th { text-align: left; color: var(--quiet); font-weight: 600; white-space: nowrap; }
th, td { padding: .4rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child > td { border-bottom: 0; } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
.statement { background: #f8fafc; border-left: 3px solid #c7d2e0; padding: .6rem .9rem; margin: .9rem 0; overflow-x: auto;
  line-height: 2; }
.display { padding: .2rem 0; }
.keep { white-space: nowrap; }
svg.math { display: inline-block; max-width: none; margin: 0 .12em; fill: currentColor; overflow: visible; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 380px), 1fr)); gap: 12px; }
figure { margin: 0; max-width: 560px; min-width: 0; }
figure img { width: 100%; height: auto; display: block; } figcaption { font-size: .8rem; color: var(--quiet); }
pre { background: #f3f4f6; border-radius: 6px; padding: .7rem .9rem; overflow-x: auto; font-size: .8rem; line-height: 1.45;
  margin: .4rem 0; }
code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, monospace; font-size: .92em; } pre code { font-size: 1em; }
td code { overflow-wrap: anywhere; } details { color: var(--quiet); font-size: .8rem; overflow-wrap: anywhere; }
summary { cursor: pointer; }
td:first-child { min-width: 7.5em; }
@media (max-width: 640px) {
  .wide { display: none; }
  .card { padding: 14px; border-radius: 8px; }
  body { font-size: 15px; }
  main, header, footer { padding-left: 10px; padding-right: 10px; }
  th, td { padding: .35rem .4rem; }
}
@media print {
  table { font-size: 8pt; } th, td { padding: 2pt 3pt; } .badge { font-size: 7pt; padding: 0 5pt; } .scroll { overflow: visible; }
  body { background: #fff; font-size: 10pt; }
  main, header, footer { max-width: none; padding: 0; }
  .card { border: 0; border-top: 1px solid #999; border-radius: 0; padding: 8pt 0; }
  figure, tr, h3, .statement { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  pre { white-space: pre-wrap; }
  a { color: inherit; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
