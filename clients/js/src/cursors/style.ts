/** Everything lives in a shadow root: the page's styles do not reach in, nor these out. */
export const STYLE = `
:host {
  all: initial;
  position: absolute;
  z-index: 2147483647;
  overflow: clip;
  pointer-events: none;
  font: 500 12px/16px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}

.cursor {
  position: absolute;
  left: 0;
  top: 0;
  will-change: transform;
  transition: opacity 0.3s;
}
.cursor svg {
  display: block;
  overflow: visible;
  filter: drop-shadow(0 1px 2px rgb(0 0 0 / 0.3));
}
.cursor path {
  fill: var(--color);
  stroke: #fff;
  stroke-width: 1.75;
  stroke-linejoin: round;
  paint-order: stroke;
}
.cursor.idle { opacity: 0.45; }
.cursor.away { opacity: 0.3; filter: grayscale(1); }
.cursor.out { opacity: 0; }

.label {
  position: absolute;
  left: 16px;
  top: 20px;
  width: max-content;
  max-width: 220px;
  padding: 3px 10px 4px;
  border-radius: 12px;
  background: var(--color);
  color: var(--ink);
  box-shadow: 0 1px 3px rgb(0 0 0 / 0.25);
}
.label b, .label span { display: block; font-weight: inherit; }
.label b { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 160px; }
.label span { overflow-wrap: anywhere; font-size: 14px; line-height: 19px; }
.label span:empty { display: none; }
.says .label { padding: 6px 12px 8px; border-radius: 4px 16px 16px; }
.says .label b { opacity: 0.75; }

.reaction {
  position: absolute;
  left: 0;
  top: 0;
  font-size: 28px;
  line-height: 1;
  animation: rise 1.4s ease-out forwards;
}
.reaction i { display: block; font-style: normal; transform: translate(-50%, -50%); }
@keyframes rise {
  0% { opacity: 0; margin-top: 8px; scale: 0.4; }
  15% { opacity: 1; scale: 1.15; }
  30% { scale: 1; }
  100% { opacity: 0; margin-top: -72px; }
}

.say {
  position: absolute;
  left: 0;
  top: 0;
  box-sizing: border-box;
  width: 220px;
  padding: 7px 14px 8px;
  border: 0;
  border-radius: 4px 18px 18px;
  outline: 2px solid rgb(255 255 255 / 0.7);
  background: var(--color);
  color: var(--ink);
  caret-color: currentColor;
  box-shadow: 0 2px 8px rgb(0 0 0 / 0.25);
  font: inherit;
  font-size: 16px;
  line-height: 20px;
  pointer-events: auto;
}
.say::placeholder { color: inherit; opacity: 0.65; }

.pill {
  position: fixed;
  left: 50%;
  bottom: max(16px, env(safe-area-inset-bottom));
  display: flex;
  align-items: center;
  gap: 8px;
  max-width: calc(100vw - 32px);
  box-sizing: border-box;
  padding: 8px 14px;
  border-radius: 999px;
  background: rgb(24 24 27 / 0.92);
  color: #fafafa;
  font-size: 13px;
  box-shadow: 0 4px 16px rgb(0 0 0 / 0.25);
  transform: translate(-50%, 0);
  transition: opacity 0.25s, transform 0.25s;
}
.pill::before {
  content: "";
  flex: none;
  width: 8px;
  height: 8px;
  border-radius: 50%;
  background: var(--dot);
}
.pill.hidden { opacity: 0; transform: translate(-50%, 12px); }

@media (prefers-reduced-motion: reduce) {
  .cursor, .pill { transition: none; }
  .reaction { animation: fade 1.4s forwards; }
  @keyframes fade { 0%, 70% { opacity: 1; } 100% { opacity: 0; } }
}
`
