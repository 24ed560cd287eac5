/** A node of the tree of work that the command line shows: either it runs, or it has steps of its own. */
export interface Step {
  title: string;
  /** Does the work; a returned text says what came of it ("already running"). `report` shows a line of progress. */
  run?: (report: (line: string) => void) => Promise<string | undefined>;
  steps?: Step[];
  /** Whether the steps run side by side. */
  concurrent?: boolean;
}

/** What every long piece of work takes. */
export interface StepOptions {
  /** Ends the work. */
  signal?: AbortSignal | undefined;
  /** Hears of progress, a line at a time. */
  onLine?: ((line: string) => void) | undefined;
}
