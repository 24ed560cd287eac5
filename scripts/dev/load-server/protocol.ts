/** What the server does with a request. */
export type Answer =
  | { kind: 'ok'; cluster: string }
  | { kind: 'status'; status: number; body: string }
  | { kind: 'reset' }
  | { kind: 'hang' };

/** What the server is told, a line of JSON each. */
export type Command =
  /** Answers requests in this order, over and over, and counts from zero. */
  | { do: 'script'; answers: Answer[] }
  /** Resets or holds every request that arrives within a time. */
  | { do: 'break'; how: 'reset' | 'hang'; forMs: number }
  | { do: 'count' };

/** What the server says, a line of JSON each. Times are readings of CLOCK_MONOTONIC, in nanoseconds. */
export type Reply =
  | { did: 'listen'; port: number }
  | { did: 'script' }
  | { did: 'break'; fromNs: string; toNs: string }
  | { did: 'count'; requests: number; connections: number };
