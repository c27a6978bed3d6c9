"""The look of the pages: one style sheet, readable on a telephone, on a desk, in the dark and in print."""

from lra_ref.views.style import COLORS, INK

#: colours of the plots on dark paper, in the order of the light ones
DARK = ("#5db4f0", "#ff9a4d", "#35d0a0", "#e3a6c9", "#e5e7eb", "#f2c14e", "#9adcff")
LIGHT_PLOTS = " ".join(f"--plot{k}: {color};" for k, color in enumerate(COLORS) if color != INK)
DARK_PLOTS = " ".join(f"--plot{k}: {color};" for k, color in enumerate(DARK) if COLORS[k] != INK)

STYLE = (
    f"""
:root {{ color-scheme: light dark; --ink: #1f2937; --quiet: #5b6472; --line: #e5e7eb; --paper: #ffffff; --ground: #f6f7f9; --link: #0b5cad;
  --soft: #f1f3f6; --edge: #c7d2e0; --good: #dcf5e7; --good-ink: #08633a; --bad: #fde2e1; --bad-ink: #9b1c1c; --open: #fdf0cd;
  --open-ink: #7a4a00; --none: #e3eefb; --none-ink: #1c4a7e; {LIGHT_PLOTS} }}
@media screen and (prefers-color-scheme: dark) {{ :root {{ --ink: #e6e9ee; --quiet: #a3adba; --line: #333b47; --paper: #191e25;
  --ground: #11151a; --link: #7db7f5; --soft: #222832; --edge: #44546a; --good: #12402a; --good-ink: #a5ecc5; --bad: #521b1b;
  --bad-ink: #ffc9c7; --open: #4a3506; --open-ink: #ffdf8f; --none: #1b3454; --none-ink: #bcd9ff; {DARK_PLOTS} }} }}
"""
    + """
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 1180px; margin: 0 auto; padding: 0 16px; }
main:focus { outline: none; }
header { padding-top: 28px; padding-bottom: 8px; } footer { padding-bottom: 48px; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999em; background: var(--paper); color: var(--link); padding: .5rem .9rem; z-index: 1; }
.skip:focus { left: 8px; top: 8px; }
h1 { font-size: 1.65rem; margin: 0 0 .2rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .8rem; scroll-margin-top: 12px; overflow-wrap: anywhere; }
h3 { font-size: 1.12rem; margin: 0; display: flex; flex-wrap: wrap; gap: .35rem .7rem; align-items: center; overflow-wrap: anywhere; }
h4 { font-size: .8rem; margin: 1.3rem 0 .4rem; color: var(--quiet); text-transform: uppercase; letter-spacing: .04em; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
p { margin: .5rem 0; overflow-wrap: anywhere; } .quiet { color: var(--quiet); } .small { font-size: .875rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1rem; list-style: none; padding: 0; margin: .8rem 0; font-size: .9rem; }
.banner { background: var(--open); color: var(--open-ink); border-radius: 8px; padding: .7rem 1rem; font-weight: 600; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 18px 20px; margin: 0 0 18px;
  scroll-margin-top: 12px; }
.badge { display: inline-block; border-radius: 999px; padding: .1rem .65rem; font-size: .78rem; font-weight: 600; white-space: nowrap; }
.good { background: var(--good); color: var(--good-ink); } .bad { background: var(--bad); color: var(--bad-ink); }
.open { background: var(--open); color: var(--open-ink); } .none { background: var(--none); color: var(--none-ink); }
.controls { display: flex; flex-wrap: wrap; gap: .5rem 1.1rem; align-items: center; margin: .7rem 0; font-size: .875rem; }
.controls label, .controls output { display: none; color: var(--quiet); }
.js .controls label, .js .controls output { display: inline-block; }
input, select { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--edge); border-radius: 6px;
  padding: .2rem .5rem; max-width: 14rem; min-width: 0; }
.download { font-size: .8rem; border: 1px solid var(--edge); border-radius: 5px; padding: 0 .4rem; white-space: nowrap; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .875rem; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.scroll { position: relative; }
th { text-align: left; color: var(--quiet); font-weight: 600; white-space: nowrap; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: default; }
.js th button { cursor: pointer; } .js th button:hover { color: var(--ink); }
.arrow::after { content: "\\2195"; opacity: .35; margin-left: .3em; } html:not(.js) .arrow { display: none; }
[aria-sort=ascending] .arrow::after { content: "\\2191"; opacity: 1; }
[aria-sort=descending] .arrow::after { content: "\\2193"; opacity: 1; }
th, td { padding: .4rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child > td { border-bottom: 0; } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 2px; } th:last-child, td:last-child { padding-right: 2px; }
.statement { background: var(--soft); border-left: 3px solid var(--edge); padding: .6rem .9rem; margin: .9rem 0; overflow-x: auto;
  line-height: 2; }
.display { padding: .2rem 0; }
.keep { white-space: nowrap; }
svg.math { display: inline-block; max-width: none; margin: 0 .12em; fill: currentColor; overflow: visible; }
svg.plot { width: 100%; height: auto; display: block; font-family: "DejaVu Sans", Verdana, "Segoe UI", system-ui, sans-serif; }
svg.plot * { stroke-linejoin: round; stroke-linecap: butt; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 380px), 1fr)); gap: 16px 12px; margin: .8rem 0;
  align-items: start; }
figure { margin: 0; max-width: 560px; min-width: 0; } figcaption { font-size: .8rem; color: var(--quiet); overflow-wrap: anywhere; }
pre { background: var(--soft); border-radius: 6px; padding: .7rem .9rem; overflow-x: auto; font-size: .8rem; line-height: 1.45;
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
  .controls, .skip, .download, nav, .arrow { display: none !important; }
  table { font-size: 7.5pt; } th, td { padding: 2pt; } th { white-space: normal; } td:first-child { min-width: 0; }
  .badge { font-size: 6.5pt; padding: 0 4pt; } .scroll { overflow: visible; } details:not([open]) { display: none; }
  body { background: #fff; font-size: 10pt; }
  main, header, footer { max-width: none; padding: 0; }
  .card { border: 0; border-top: 1px solid #999; border-radius: 0; padding: 8pt 0; }
  .figures { grid-template-columns: 1fr 1fr; }
  figure, tr, h3, .statement { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  a { color: inherit; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
)
