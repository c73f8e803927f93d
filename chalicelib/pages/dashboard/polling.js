// Repeat a refresh while the view is open: not in a hidden tab, never twice at once, and not after the view is left.

const REFRESH_EVERY_MS = 15_000;

/**
 * @param {() => Promise<void>} refresh when it rejects, polling ends
 * @param {AbortSignal} signal aborted when the view is left
 * @param {number} [every] milliseconds
 */
export function keepFresh(refresh, signal, every = REFRESH_EVERY_MS) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isRunning = false;
  const run = async () => {
    clearTimeout(timer);
    if (isRunning || document.hidden || signal.aborted) return;
    isRunning = true;
    await refresh();
    isRunning = false;
    if (!document.hidden && !signal.aborted) timer = setTimeout(run, every);
  };
  document.addEventListener("visibilitychange", run, { signal });
  window.addEventListener("online", run, { signal });
  return run();
}
