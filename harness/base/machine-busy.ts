/** This machine was too busy to run the mesh or its load: the measured values do not describe the mesh. */
export class MachineBusy extends Error {
  override readonly name = 'MachineBusy';
}

/** Whether an error, or one of its causes, is a {@link MachineBusy}. */
export const isMachineBusy = (error: unknown): boolean =>
  error instanceof MachineBusy || (error instanceof Error && isMachineBusy(error.cause));
