import { Interrupted } from './outcome.ts';

/**
 * Turns Ctrl-C and SIGTERM into an abort: the first asks the work to stop and undo itself; a second one ends the
 * process at once, and says how to clean up. `doing` is what the first one starts.
 */
export function abortOnSignal(afterwards: string, doing = 'stopping and undoing'): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        console.error(`Ended before everything was undone. ${afterwards}`);
        process.exit(130);
      }
      console.error(`\n${name}: ${doing}. Once more ends at once.`);
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}
