import { MONO, SANS, SERIF, tokensAsCss } from '../style.js'

/**
 * The look of everything around the canvas. It lives in a shadow root, and is laid out by the size
 * of its element, not of the window: the board may be a small part of a page.
 */
export const SHEET = `
:host {
  all: initial;
  display: block;
  position: relative;
  width: 100%;
  height: 100%;
  contain: strict;
}

.board {
  color-scheme: light;
  ${tokensAsCss('light')}
  --serif: ${SERIF};
  --sans: ${SANS};
  --mono: ${MONO};
  --gap: 12px;
  --control: 36px;
  position: absolute;
  inset: 0;
  overflow: clip;
  container: board / size;
  background: var(--paper);
  color: var(--ink);
  font: 400 13px/1.45 var(--sans);
  -webkit-tap-highlight-color: transparent;
  -webkit-text-size-adjust: 100%;
}
.board[data-theme='dark'] {
  color-scheme: dark;
  ${tokensAsCss('dark')}
}
@media (pointer: coarse) {
  .board { --control: 42px; }
}

*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }

.stage, .stage > canvas { position: absolute; inset: 0; }
.stage:focus-visible { outline: none; }
.stage[data-ring]:focus::after {
  position: absolute;
  inset: 0;
  z-index: 1;
  border: 2px solid var(--accent);
  border-radius: inherit;
  pointer-events: none;
  content: '';
}

:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
button, input, textarea, select { font: inherit; color: inherit; letter-spacing: inherit; }
button { cursor: pointer; touch-action: manipulation; }
h1, h2, h3, p, ul, dl, dd { margin: 0; padding: 0; font: inherit; list-style: none; }

.icon {
  display: block;
  width: 20px;
  height: 20px;
  flex: none;
  fill: none;
  stroke: currentColor;
  stroke-width: 1.6;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.icon .solid { fill: currentColor; }

/* Panels lie on the paper; between them the paper can be drawn on. */

.chrome {
  position: absolute;
  inset: 0;
  z-index: 10;
  display: grid;
  grid-template: auto minmax(0, 1fr) auto / minmax(0, 1fr) auto minmax(0, 1fr);
  gap: var(--gap);
  padding: var(--gap);
  padding: max(var(--gap), env(safe-area-inset-top)) max(var(--gap), env(safe-area-inset-right))
    max(var(--gap), env(safe-area-inset-bottom)) max(var(--gap), env(safe-area-inset-left));
  pointer-events: none;
  user-select: none;
  -webkit-user-select: none;
}
.chrome > * { pointer-events: none; }

.panel {
  border-radius: 12px;
  background: var(--surface);
  box-shadow: var(--shadow);
  pointer-events: auto;
}

.button {
  display: inline-flex;
  gap: 6px;
  align-items: center;
  justify-content: center;
  min-width: var(--control);
  height: var(--control);
  padding: 0 8px;
  border: 0;
  border-radius: 9px;
  background: none;
  white-space: nowrap;
  transition: background-color 120ms, color 120ms;
}
.button:hover { background: var(--well); }
.button:active { background: var(--rule); }
.button[disabled] { color: var(--strong-rule); cursor: default; background: none; }
.button[aria-pressed='true'], .button[aria-checked='true'] { color: var(--accent); background: var(--accent-wash); }
.button.strong { padding-inline: 14px; background: var(--ink); color: var(--paper); font-weight: 550; }
.button.strong:hover { background: color-mix(in srgb, var(--ink) 86%, var(--paper)); }
.button.plain { padding: 0; min-width: 0; height: auto; font-weight: 600; text-decoration: underline; text-underline-offset: 0.2em; background: none; }
.button.wide { width: 100%; }

.divider { flex: none; width: 1px; align-self: stretch; margin: 6px 3px; background: var(--rule); }

/* Top: the name of the board on the left, the people on the right. */

.top-left { grid-area: 1 / 1; align-self: start; justify-self: start; max-width: 100%; display: flex; align-items: center; padding: 3px; min-width: 0; }
.top-right { grid-area: 1 / 3; align-self: start; justify-self: end; display: flex; align-items: center; padding: 3px; }
.title {
  min-width: 0;
  padding: 3px 10px 0 6px;
  overflow: hidden;
  font: 400 17px/1.3 var(--serif);
  letter-spacing: -0.01em;
  text-overflow: ellipsis;
  white-space: nowrap;
}
.mark {
  display: inline-flex;
  gap: 6px;
  align-items: center;
  flex: none;
  height: calc(var(--control) - 14px);
  padding: 0 12px 0 11px;
  border-left: 1px solid var(--rule);
  color: var(--soft);
  font-size: 12px;
  white-space: nowrap;
}
.mark::before { width: 8px; height: 6px; border-radius: 50%; background: var(--good); transform: rotate(-24deg); content: ''; transition: background-color 200ms; }
.mark[data-state='saving']::before { background: none; box-shadow: inset 0 0 0 1.5px var(--strong-rule); }
.mark[data-state='waiting']::before, .mark[data-state='trouble']::before { background: var(--warn); }
.mark[data-state='closed']::before { background: var(--bad); }
.mark[data-state='trouble'], .mark[data-state='waiting'] { color: var(--warn); }
.mark[data-state='closed'] { color: var(--bad); }
.tag { flex: none; max-width: 12em; margin-right: 6px; padding: 2px 8px; overflow: hidden; border-radius: 99px; background: var(--well); color: var(--soft); font-size: 12px; text-decoration: none; text-overflow: ellipsis; white-space: nowrap; }
.tag[href]:hover { color: var(--ink); }

/* Everyone is a notehead in their colour. */

.people { display: flex; padding: 0 2px 0 4px; }
.head {
  position: relative;
  display: grid;
  place-items: center;
  width: 33px;
  height: var(--control);
  margin: 0 -2px;
  padding: 0;
  border: 0;
  background: none;
  color: #fff;
  font-size: 11px;
  font-weight: 650;
  letter-spacing: 0.01em;
  isolation: isolate;
}
.head::before {
  position: absolute;
  z-index: -1;
  width: 32px;
  height: 26px;
  border: 2px solid var(--surface);
  border-radius: 50%;
  background: var(--person, var(--soft));
  transform: rotate(-24deg);
  transition: transform 160ms;
  content: '';
}
.head:hover::before { transform: rotate(-24deg) scale(1.08); }
.head.away { opacity: 0.5; filter: grayscale(0.6); }
.head.followed::after {
  position: absolute;
  bottom: 0;
  width: 16px;
  height: 3px;
  border-radius: 2px;
  background: var(--person);
  content: '';
}
.head.count { color: var(--ink); --person: var(--well); }

/* The tools stand at the bottom, within reach of a thumb. */

.foot { grid-area: 3 / 2; display: flex; flex-direction: column; align-items: center; align-self: end; gap: 8px; min-width: 0; }
.toolbar { display: flex; align-items: center; padding: 4px; border-radius: 14px; max-width: 100%; }
.tool { position: relative; min-width: calc(var(--control) + 4px); height: calc(var(--control) + 4px); padding: 0; border-radius: 11px; }
.tool .icon { width: 21px; height: 21px; }
.tool::after {
  position: absolute;
  bottom: 4px;
  left: 50%;
  width: 7px;
  height: 5px;
  margin-left: -3.5px;
  border-radius: 50%;
  background: var(--accent);
  opacity: 0;
  transform: rotate(-24deg) scale(0.2);
  transition: opacity 140ms, transform 140ms;
  content: '';
}
.tool .icon { transition: transform 140ms; }
.tool[aria-pressed='true']::after { opacity: 1; transform: rotate(-24deg); }
.tool[aria-pressed='true'] .icon { transform: translateY(-2px); }
.tool[aria-pressed='true'] { background: var(--accent-wash); }
.swatch-dot { width: 20px; height: 20px; border-radius: 50%; background: var(--shown, var(--ink)); box-shadow: inset 0 0 0 1px rgb(128 120 108 / 45%); }

/* Panels that are buttons keep their ground. */
.astray, .astray:hover { padding-inline: 14px; background: var(--surface); }

/* Corners */

.corner { display: flex; flex-wrap: wrap-reverse; gap: 8px; align-self: end; }
.corner.left { grid-area: 3 / 1; justify-self: start; align-items: end; }
.corner.right { grid-area: 3 / 3; justify-self: end; align-items: end; }
.corner { position: relative; }
.zoom { display: flex; align-items: center; padding: 3px; }
.zoom .percent { min-width: 54px; font-variant-numeric: tabular-nums; }
.minimap { position: absolute; bottom: calc(100% + 8px); left: 0; width: 190px; height: 122px; overflow: hidden; cursor: grab; touch-action: none; }
.minimap:active { cursor: grabbing; }
.minimap canvas { display: block; width: 100%; height: 100%; }

/* The style panel */

.style {
  grid-area: 2 / 3;
  align-self: start;
  justify-self: end;
  width: 228px;
  display: flex;
  flex-direction: column;
  gap: 10px;
  max-height: 100%;
  padding: 10px;
  overflow-y: auto;
  overscroll-behavior: contain;
  scrollbar-width: thin;
}
.style > * { flex: none; }
.row { display: flex; gap: 2px; align-items: center; }
.row > .button { flex: 1 1 0; min-width: 0; padding: 0; height: calc(var(--control) - 4px); }
.row-label { display: block; margin-bottom: 3px; color: var(--soft); font-size: 11.5px; font-weight: 500; }
.tabs:not([hidden]) + .swatches { margin-top: 8px; }
.swatches { display: grid; grid-template-columns: repeat(9, 1fr); gap: 2px 0; }
.swatch { display: grid; place-items: center; width: 100%; aspect-ratio: 1; padding: 0; border: 0; border-radius: 8px; background: none; }
.swatch::before {
  width: 18px;
  height: 18px;
  border-radius: 50%;
  background: var(--swatch);
  box-shadow: inset 0 0 0 1px var(--edge, rgb(128 120 108 / 28%));
  transition: transform 120ms;
  content: '';
}
.swatch.area::before { border-radius: 5px; }
.swatch:hover { background: var(--well); }
.swatch[aria-pressed='true'], .swatch.chosen { box-shadow: inset 0 0 0 2px var(--accent); background: none; }
.swatch.none::before { background: linear-gradient(to top right, transparent 46%, var(--bad) 46% 54%, transparent 54%); box-shadow: inset 0 0 0 1px var(--strong-rule); }
.swatch.own::before { background: conic-gradient(#c8321f, #e5a915, #80a42c, #0d7c77, #1a67c2, #6b40c9, #b62877, #c8321f); }
.swatch.own { position: relative; }
.swatch.own input { position: absolute; inset: 0; width: 100%; height: 100%; padding: 0; border: 0; opacity: 0; cursor: pointer; }
.bars { display: block; width: 20px; border-radius: 99px; background: currentColor; }
.dash { width: 26px; height: 0; border-top: 2.5px solid currentColor; }
.dash.dashed { border-top-style: dashed; }
.dash.dotted { border-top-style: dotted; border-top-width: 3px; }
.letter { font-size: 15px; line-height: 1; }
.slider { display: flex; gap: 8px; align-items: center; }
.slider input { flex: 1; min-width: 0; height: 24px; margin: 0; accent-color: var(--accent); cursor: pointer; }
.slider output { width: 36px; color: var(--soft); font-size: 12px; text-align: right; font-variant-numeric: tabular-nums; }
.tabs { display: flex; gap: 2px; padding: 2px; border-radius: 10px; background: var(--well); }
.tabs .button { flex: 1; height: 30px; border-radius: 8px; font-size: 12.5px; }
.tabs .button[aria-pressed='true'] { background: var(--surface); color: var(--ink); box-shadow: 0 1px 2px rgb(0 0 0 / 12%); }
.tabs .chip { width: 14px; height: 14px; border-radius: 50%; background: var(--shown, transparent); box-shadow: inset 0 0 0 1px rgb(128 120 108 / 45%); }
.tabs .chip.area { border-radius: 4px; }
.hr { display: none; height: 1px; margin: 0 -10px 10px; background: var(--rule); }
/* A rule is between two rows that show. */
.style > :not([hidden]) ~ * > .hr { display: block; }

/* Menus and dialogs */

.menu {
  position: absolute;
  z-index: 30;
  min-width: 208px;
  max-width: min(320px, calc(100cqw - 16px));
  max-height: calc(100cqh - 16px);
  padding: 5px;
  overflow-y: auto;
  user-select: none;
  -webkit-user-select: none;
}
.item {
  display: flex;
  gap: 10px;
  align-items: center;
  width: 100%;
  min-height: calc(var(--control) - 4px);
  padding: 0 10px;
  border: 0;
  border-radius: 8px;
  background: none;
  text-align: left;
}
.item:hover, .item:focus-visible { background: var(--well); outline: none; }
.item:focus-visible { box-shadow: inset 0 0 0 2px var(--accent); }
.item[disabled] { color: var(--strong-rule); background: none; cursor: default; }
.item .icon { width: 18px; height: 18px; color: var(--soft); }
.item.bad, .item.bad .icon { color: var(--bad); }
.item span { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.item kbd { color: var(--soft); font: 400 12px var(--sans); }
.item .on { width: 16px; height: 16px; color: var(--accent); }
.item .dot { flex: none; width: 10px; height: 8px; border-radius: 50%; background: var(--person); transform: rotate(-24deg); }
.menu:focus { outline: none; }
.menu hr { height: 1px; margin: 5px -5px; border: 0; background: var(--rule); }
.menu-title { padding: 6px 10px 4px; color: var(--soft); font-size: 12px; }

.veil { position: absolute; inset: 0; z-index: 40; display: grid; grid-template-rows: minmax(0, 1fr); place-items: center; padding: 16px; background: rgb(20 16 8 / 28%); }
.dialog { display: flex; flex-direction: column; width: min(100%, 760px); max-height: 100%; border-radius: 16px; outline: none; }
.dialog.small { width: min(100%, 420px); }
.dialog header { display: flex; align-items: center; justify-content: space-between; gap: 12px; padding: 14px 12px 10px 22px; }
.dialog h2 { font: 400 24px/1.2 var(--serif); letter-spacing: -0.012em; }
/* What goes on below fades; at the end that is the padding alone. */
.dialog .body { padding: 0 22px 28px; overflow-y: auto; mask-image: linear-gradient(#000 calc(100% - 28px), transparent); }
.keys { columns: 2; column-gap: 36px; }
.keys section { break-inside: avoid; padding-bottom: 16px; }
.keys h3 { padding-bottom: 4px; color: var(--soft); font-size: 12px; font-weight: 600; }
.keys div { display: flex; justify-content: space-between; gap: 12px; padding: 4px 0; border-top: 1px solid var(--rule); }
.keys dd { display: flex; gap: 4px; align-items: center; flex: none; color: var(--soft); }
kbd.key {
  min-width: 22px;
  padding: 1px 6px 2px;
  border: 1px solid var(--rule);
  border-bottom-width: 2px;
  border-radius: 5px;
  background: var(--paper);
  color: var(--ink);
  font: 500 12px/1.4 var(--sans);
  text-align: center;
}

.options { display: grid; gap: 14px; }
.options fieldset { min-width: 0; margin: 0; padding: 0; border: 0; }
.picture { display: grid; place-items: center; height: 200px; overflow: hidden; border: 1px solid var(--rule); border-radius: 10px; background: repeating-conic-gradient(var(--well) 0 25%, var(--surface) 0 50%) 0 0 / 16px 16px; }
.picture img { max-width: 100%; max-height: 198px; }

/* Words to the person */

.notices { grid-area: 1 / 2; display: flex; flex-direction: column; gap: 8px; align-items: center; min-width: 0; }
.notice {
  display: flex;
  gap: 10px;
  align-items: center;
  min-height: calc(var(--control) + 6px);
  padding: 6px 16px 6px 14px;
  border-radius: 14px;
  background: var(--surface);
  box-shadow: var(--shadow), inset 0 0 0 1px var(--tone, transparent);
  pointer-events: auto;
  line-height: 1.35;
  animation: come 220ms ease-out;
}
.notice::before { flex: none; width: 9px; height: 7px; border-radius: 50%; background: var(--tone, var(--strong-rule)); transform: rotate(-24deg); content: ''; }
.notice b { font-weight: 600; }
.notice small { color: var(--soft); font-size: inherit; }
.notice[data-tone='warn'] { --tone: var(--warn); }
.notice[data-tone='bad'] { --tone: var(--bad); }
.notice[data-tone='good'] { --tone: var(--good); }
.toasts { display: flex; flex-direction: column; gap: 6px; align-items: center; }
.toast {
  display: flex;
  gap: 12px;
  align-items: center;
  max-width: min(440px, calc(100cqw - 24px));
  padding: 8px 14px;
  border-radius: 10px;
  background: var(--ink);
  color: var(--paper);
  pointer-events: auto;
  animation: come 200ms ease-out;
}
@keyframes come { from { opacity: 0; transform: translateY(6px); } }

.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

/* An empty board says what it is good for. */

.welcome { grid-area: 2 / 1 / 3 / 4; place-self: center; display: grid; justify-items: center; gap: 6px; max-width: 660px; text-align: center; animation: come 300ms ease-out; }
.welcome h2 { font: 400 34px/1.15 var(--serif); letter-spacing: -0.02em; }
.welcome p { text-wrap: balance; color: var(--soft); font-size: 14px; }
.templates { display: grid; grid-template-columns: repeat(6, 96px); gap: 8px; margin-top: 18px; }
.template { display: grid; gap: 6px; justify-items: center; padding: 12px 4px 9px; border: 0; font-size: 12.5px; transition: transform 140ms; }
.template:hover { transform: translateY(-2px); }
.template svg { width: 60px; height: 42px; fill: none; stroke: var(--strong-rule); stroke-width: 1.4; stroke-linejoin: round; stroke-linecap: round; }
.template svg .a { fill: var(--accent-wash); stroke: var(--accent); }

/* A narrow board: a phone, or a corner of a page. */

@container board (max-width: 780px) {
  .corner.left .minimap, .corner.right { display: none; }
  .chrome { --gap: 8px; gap: 8px; }
  .templates { grid-template-columns: repeat(3, 96px); }
}
@container board (max-width: 640px) {
  .chrome { grid-template: auto auto minmax(0, 1fr) auto auto / minmax(0, 1fr) auto; }
  .top-left { grid-area: 1 / 1; }
  .top-right { grid-area: 1 / 2; }
  .notices { grid-area: 2 / 1 / 3 / 3; }
  .welcome { grid-area: 3 / 1 / 4 / 3; }
  .corner.left { grid-area: 4 / 1 / 5 / 3; }
  .foot { grid-area: 5 / 1 / 6 / 3; width: 100%; }
  .toolbar { width: 100%; justify-content: space-between; }
  .tool { flex: 1 1 0; min-width: 0; max-width: 56px; }
  .share { min-width: var(--control); padding: 0 !important; gap: 0 !important; font-size: 0 !important; }
  .toolbar.looks { width: auto; }
  .toolbar.looks .tool { min-width: 64px; }
  .top-left .tag { display: none; }
  .top-left .mark { width: 22px; padding: 0 0 0 8px; overflow: hidden; }
  .top-left .mark span { position: absolute; clip-path: inset(50%); }
  .only-wide { display: none !important; }
  .style { grid-area: 3 / 1 / 4 / 3; align-self: end; justify-self: center; width: min(100%, 360px); max-height: min(100%, 56cqh); }
  .style:not([data-open]) { display: none; }
  .swatch::before { width: 22px; height: 22px; }
  .keys { columns: 1; }
  .welcome h2 { font-size: 27px; }
}
@container board (min-width: 641px) {
  .only-narrow { display: none !important; }
}
@container board (max-height: 460px) {
  .minimap, .welcome .templates { display: none !important; }
}

@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after {
    animation-duration: 0.01ms !important;
    animation-iteration-count: 1 !important;
    transition-duration: 0.01ms !important;
  }
}
`
