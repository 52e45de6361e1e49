/** The page's whole look. Its policy lets nothing else in. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1c1c28; --quiet: #55556a; --line: #d5d5e0; --back: #fff; --raised: #f5f5fa; --link: #4a3ab8;
  --good: #11693a; --bad: #b3261e; --open: #7a4f00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #eeeef4; --quiet: #b4b4c4; --line: #3c3c4c; --back: #16161d; --raised: #20202b; --link: #b3a8ff;
    --good: #6fd49a; --bad: #ff9d96; --open: #f2c063;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
header, main { max-width: 64rem; margin: 0 auto; padding: 1rem 1.25rem; }
header { border-bottom: 1px solid var(--line); display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; }
h1 { font-size: 1.25rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 .75rem; }
a { color: var(--link); }
p { margin: .5rem 0; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .5rem 0; }
button, input, select, textarea { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--quiet); border-radius: .3rem; padding: .35rem .8rem; }
button { cursor: pointer; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
textarea { width: 100%; min-height: 6rem; font: .85rem/1.4 ui-monospace, monospace; word-break: break-all; }
table { border-collapse: collapse; width: 100%; table-layout: auto; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; overflow-wrap: break-word; }
td { overflow-wrap: anywhere; }
thead th { white-space: nowrap; }
details { flex-basis: 100%; }
details button { margin: .2rem 0; }
summary { cursor: pointer; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--raised); padding: .75rem; }
h3 { font-size: 1rem; }
.scroll { overflow-x: auto; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
.pairs th { white-space: nowrap; }
.requests td, .requests time { white-space: nowrap; }
.requests tbody th { width: 100%; font-weight: 400; line-height: 1.3; overflow-wrap: anywhere; }
.requests td span { white-space: normal; }
@media (max-width: 40rem) {
  .requests thead { position: absolute; clip-path: inset(50%); }
  .requests tr { display: grid; grid-template-columns: 5rem 1fr auto; border-bottom: 1px solid var(--line); padding: .3rem 0; }
  .requests td, .requests th { border: 0; padding: 0; }
  .requests th { grid-column: 2 / 4; }
  .requests td:nth-child(3) { grid-column: 2; white-space: normal; }
  .rules thead, .pairs thead, .verdicts thead { position: absolute; clip-path: inset(50%); }
  .rules tr { display: grid; grid-template-columns: 6rem 1fr; border-bottom: 1px solid var(--line); padding: .3rem 0; }
  .rules td, .rules th { border: 0; padding: 0; }
  .rules td:last-child { grid-column: 1 / 3; }
  .pairs tr, .pairs th, .pairs td, .verdicts tr, .verdicts th, .verdicts td { display: block; border: 0; padding: 0; }
  .pairs tr, .verdicts tr { border-bottom: 1px solid var(--line); padding: .3rem 0; }
  .pairs th { white-space: normal; overflow-wrap: anywhere; }
  .verdicts td { white-space: normal; }
  .verdicts td::before { content: attr(data-label) ': '; color: var(--quiet); font-weight: 400; }
}
td, code { font: .875rem/1.5 ui-monospace, monospace; }
.quiet { color: var(--quiet); }
.pass { color: var(--good); } .fail { color: var(--bad); } .open { color: var(--open); }
.pass, .fail, .open { font-weight: 600; white-space: nowrap; }
.verdict { font-size: 1.1rem; padding: .6rem .9rem; border-left: .3rem solid currentColor; background: var(--raised); white-space: normal; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 0 2rem; }
`;

/** Counts down what is marked with the time at which it ends; without it the page shows the time that was left. */
export const SCRIPT = `
const marked = document.querySelectorAll('[data-ends]');
const show = () => {
  for (const element of marked) {
    const left = Math.round(Number(element.dataset.ends) - Date.now() / 1000);
    element.textContent = left > 0 ? left + ' seconds left' : 'expired';
  }
};
show();
if (marked.length > 0) setInterval(show, 1000);
`;
