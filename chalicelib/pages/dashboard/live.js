// Again and again while somebody looks: not in a hidden tab, never twice at once, and never after the view is left.

const EVERY_MS = 15_000;

export function keepFresh(refresh, signal, every = EVERY_MS) {
  let timer = 0;
  let busy = false;
  const again = async () => {
    clearTimeout(timer);
    if (busy || document.hidden || signal.aborted) return;
    busy = true;
    await refresh();
    busy = false;
    if (!document.hidden && !signal.aborted) timer = setTimeout(again, every);
  };
  document.addEventListener("visibilitychange", again, { signal });
  window.addEventListener("online", again, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  return again();
}
