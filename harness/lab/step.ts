/** A node in the tree of work that the command line shows: it either runs, or has sub-steps. */
export interface Step {
  title: string;
  /** Does the work and returns its outcome ("already running"). `report` shows a line of progress. */
  run?: (report: (line: string) => void) => Promise<string | undefined>;
  steps?: Step[];
  /** Whether the sub-steps run concurrently. */
  concurrent?: boolean;
}

/** The options of long work. */
export interface StepOptions {
  /** Aborts the work. */
  signal?: AbortSignal | undefined;
  /** Receives progress, line by line. */
  onLine?: ((line: string) => void) | undefined;
}
