/** The look of comments, chat and reactions; beside `sheet.ts`, whose variables and parts it uses. */
export const TALK_SHEET = `
.badge {
  position: absolute;
  top: 3px;
  right: 2px;
  min-width: 15px;
  padding: 0 4px;
  border-radius: 8px;
  background: var(--accent);
  color: var(--on-accent);
  font-size: 10px;
  font-weight: 650;
  line-height: 15px;
  font-variant-numeric: tabular-nums;
  text-align: center;
}
.talks { display: flex; }
.talks .button { position: relative; }

/* Pins: a speech bubble that points at its place. */

.pins { position: absolute; inset: 0; z-index: 2; overflow: hidden; pointer-events: none; }
.pin {
  position: absolute;
  top: 0;
  left: 0;
  display: grid;
  place-items: center;
  min-width: 30px;
  height: 30px;
  padding: 0 8px;
  border: 2px solid var(--surface);
  border-radius: 15px 15px 15px 3px;
  background: var(--person, var(--soft));
  color: var(--on-person, #fff);
  font: 650 12px/1 var(--sans);
  box-shadow: 0 1px 5px var(--cast);
  pointer-events: auto;
  cursor: pointer;
  touch-action: manipulation;
}
.pin::after { position: absolute; inset: -7px; content: ''; }
.pin[aria-expanded='true'] { outline: 2px solid var(--accent); outline-offset: 1px; z-index: 1; }
.pin.resolved { background: var(--well); color: var(--soft); border-color: var(--rule); }
.pin.draft { animation: come 140ms ease-out; }

/* What is said at one place. */

.thread {
  position: absolute;
  top: 0;
  left: 0;
  z-index: 11;
  display: flex;
  flex-direction: column;
  width: 300px;
  max-width: calc(100cqw - 16px);
  max-height: min(420px, calc(100cqh - 16px));
  user-select: text;
  -webkit-user-select: text;
  animation: come 140ms ease-out;
}
.thread > header { display: flex; align-items: center; padding: 4px 4px 0 14px; }
.thread > header h2 { flex: 1; font-weight: 600; }
.remarks { flex: 1; overflow-y: auto; padding: 2px 14px 4px; overscroll-behavior: contain; }
.remark { position: relative; padding: 7px 0; }
.remark + .remark { border-top: 1px solid var(--rule); }
.by { display: flex; gap: 8px; align-items: baseline; }
.by b { min-width: 0; overflow: hidden; font-weight: 600; text-overflow: ellipsis; white-space: nowrap; }
.by time { flex: none; color: var(--soft); font-size: 12px; }
.by .own { display: flex; flex: none; gap: 8px; margin-left: auto; }
.take-back { padding: 0 2px; border: 0; background: none; color: var(--soft); font-size: 12px; text-decoration: underline; text-underline-offset: 0.2em; }
.take-back:hover { color: var(--ink); }
.remark p, .line p { margin-top: 1px; font-size: 14px; line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere; }
.remark a, .line a { color: inherit; text-decoration-color: var(--strong-rule); text-underline-offset: 0.2em; }

.composer { display: flex; flex-wrap: wrap; gap: 4px; align-items: end; padding: 8px; border-top: 1px solid var(--rule); }
.composer .hint { flex: 1 0 100%; padding: 0 4px; color: var(--soft); font-size: 12px; }
.composer textarea {
  flex: 1;
  min-width: 0;
  max-height: 132px;
  padding: 7px 10px;
  border: 1px solid var(--rule);
  border-radius: 9px;
  background: var(--surface);
  font-size: 14px;
  line-height: 1.4;
  resize: none;
  user-select: text;
  -webkit-user-select: text;
}
.composer textarea:focus-visible { border-color: var(--accent); outline: 1px solid var(--accent); outline-offset: 0; }
.composer textarea::placeholder { color: var(--soft); opacity: 1; }
@media (pointer: coarse) {
  .composer textarea { font-size: 16px; }
}
.composer .send { color: var(--accent); }

/* Chat, and the list of all comments: one at a time, at the left. */

.side {
  grid-area: 2 / 1;
  justify-self: start;
  align-self: stretch;
  display: flex;
  flex-direction: column;
  width: 300px;
  max-width: 100%;
  min-height: 0;
  overflow: hidden;
  animation: come 160ms ease-out;
}
.side > header { display: flex; align-items: center; gap: 2px; padding: 4px 4px 4px 14px; border-bottom: 1px solid var(--rule); }
.side > header h2 { flex: 1; font: 400 17px/1.3 var(--serif); letter-spacing: -0.01em; }
.side .body { flex: 1; display: flex; flex-direction: column; min-height: 0; padding: 0; }
.chrome:has(> .side:not([hidden])) .minimap { display: none; }
.log { flex: 1; min-height: 60px; overflow-y: auto; padding: 6px 14px 10px; overscroll-behavior: contain; user-select: text; -webkit-user-select: text; }
.log:focus-visible { outline-offset: -2px; }
.line { padding-top: 8px; }
.line.more { padding-top: 0; }
.line .by b::before { display: inline-block; width: 10px; height: 8px; margin-right: 6px; border-radius: 50%; background: var(--person); transform: rotate(-24deg); content: ''; }
.line.sending p { opacity: 0.55; }
.line.failed p { color: var(--bad); }
.fresh { display: flex; gap: 8px; align-items: center; margin-top: 10px; color: var(--accent); font-size: 12px; font-weight: 600; }
.fresh::before, .fresh::after { flex: 1; height: 1px; background: currentColor; opacity: 0.4; content: ''; }
.typing { height: 20px; padding: 0 14px; overflow: hidden; color: var(--soft); font-size: 12px; text-overflow: ellipsis; white-space: nowrap; }
.nothing { margin: auto; padding: 24px 12px; color: var(--soft); text-align: center; text-wrap: balance; }
.emojis { display: flex; justify-content: space-between; padding: 2px 8px 6px; }
.emojis .button { min-width: 0; flex: 1; padding: 0; font-size: 19px; }
.entry { display: block; width: 100%; padding: 9px 0; border: 0; border-bottom: 1px solid var(--rule); background: none; text-align: left; }
.entry:hover p { text-decoration: underline; text-underline-offset: 0.2em; text-decoration-color: var(--strong-rule); }
.entry p { display: -webkit-box; overflow: hidden; font-size: 14px; overflow-wrap: anywhere; -webkit-box-orient: vertical; -webkit-line-clamp: 2; line-clamp: 2; }
.entry small { color: var(--soft); font-size: 12px; }
.entry.resolved p { color: var(--soft); }
.choice { display: flex; gap: 8px; align-items: center; padding: 8px 14px; border-top: 1px solid var(--rule); color: var(--soft); }
.choice input { width: 16px; height: 16px; margin: 0; accent-color: var(--accent); }

.following {
  display: inline-flex;
  gap: 10px;
  align-items: center;
  align-self: center;
  padding: 5px 12px;
  border-radius: 99px;
  background: var(--person);
  color: var(--on-person, #fff);
  font-weight: 600;
  pointer-events: auto;
}
.following button { padding: 0; border: 0; background: none; font-weight: 600; text-decoration: underline; text-underline-offset: 0.2em; }

@container board (max-width: 640px) {
  .side { grid-area: 3 / 1 / 5 / 3; align-self: end; width: 100%; max-height: 62cqh; z-index: 2; background: var(--surface); }
}
`
