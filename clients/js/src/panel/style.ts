const LIGHT =
  '--paper: #fffffff2; --ink: #1d1b18; --soft: #655f56; --rule: #e3ddd1; --line: #1463b8; --bad: #b3261e;'
const DARK =
  '--paper: #1d1b18f2; --ink: #f4efe6; --soft: #aaa295; --rule: #3a362f; --line: #7cb7f5; --bad: #ff8a7d;'

/** Everything lives in a shadow root: the page's styles do not reach in, nor these out. */
export const STYLE = `
:host {
  all: initial;
  position: fixed;
  right: max(12px, env(safe-area-inset-right));
  bottom: max(12px, env(safe-area-inset-bottom));
  z-index: 2147483646;
  color-scheme: light dark;
  ${LIGHT}
  font: 12px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
}
@media (prefers-color-scheme: dark) {
  :host {
    ${DARK}
  }
}
:host([data-theme="light"]) {
  color-scheme: light;
  ${LIGHT}
}
:host([data-theme="dark"]) {
  color-scheme: dark;
  ${DARK}
}

section {
  box-sizing: border-box;
  width: 264px;
  max-width: calc(100vw - 24px);
  max-height: calc(100vh - 24px);
  max-height: calc(100dvh - 24px);
  overflow: auto;
  padding: 10px 12px;
  border: 1px solid var(--rule);
  border-radius: 10px;
  background: var(--paper);
  color: var(--ink);
  box-shadow: 0 6px 24px rgb(0 0 0 / 0.18);
}
header { display: flex; align-items: center; gap: 8px; }
h2 { flex: 1; margin: 0; font-size: 13px; font-weight: 600; line-height: 24px; }
button {
  min-width: 24px;
  height: 24px;
  padding: 0 6px;
  border: 0;
  border-radius: 6px;
  background: none;
  color: var(--soft);
  font: inherit;
  cursor: pointer;
}
button:hover { background: var(--rule); color: var(--ink); }
:focus-visible { outline: 2px solid var(--line); outline-offset: 1px; }

dl {
  display: grid;
  grid-template-columns: repeat(3, 1fr);
  gap: 6px 10px;
  margin: 6px 0 8px;
}
dt { color: var(--soft); font-size: 11px; }
dd { margin: 0; white-space: nowrap; }
dd.bad { color: var(--bad); }

figure { margin: 0 0 8px; }
figcaption { display: flex; justify-content: space-between; color: var(--soft); font-size: 11px; }
canvas { display: block; width: 100%; height: 44px; border-bottom: 1px solid var(--rule); }

details { border-top: 1px solid var(--rule); padding: 5px 0; }
summary { cursor: pointer; color: var(--soft); }
table { width: 100%; border-collapse: collapse; margin-top: 4px; }
th { font-weight: 400; text-align: left; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-size: 11px; }
td, thead th + th { text-align: right; padding-left: 8px; }

label { display: grid; grid-template-columns: 76px 1fr 52px; align-items: center; gap: 6px; margin-top: 4px; }
input { width: 100%; margin: 0; accent-color: var(--line); }
output { text-align: right; }
[hidden] { display: none; }
`
