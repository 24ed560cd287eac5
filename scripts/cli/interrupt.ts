import { Interrupted } from './outcome.ts';

/**
 * Turns Ctrl-C and SIGTERM into an abort. The first signal asks the work to stop and undo its changes, which `doing` describes. The
 * second signal ends the process at once and prints how to clean up.
 */
export function abortOnSignal(afterwards: string, doing = 'stopping and undoing'): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        console.error(`Ended before everything was undone. ${afterwards}`);
        process.exit(130);
      }
      console.error(`\n${name}: ${doing}. Press Ctrl-C again to end at once.`);
      controller.abort(new Interrupted(name));
    });
  }
  return controller.signal;
}
