/** The server's answer to a request. */
export type Answer =
  | { kind: 'ok'; cluster: string }
  | { kind: 'status'; status: number; body: string }
  | { kind: 'reset' }
  | { kind: 'hang' };

/** A command to the server, one line of JSON. */
export type Command =
  /** Answers requests in this order, repeatedly, and counts from zero. */
  | { do: 'script'; answers: Answer[] }
  /** Resets or holds every request that arrives within a time. */
  | { do: 'break'; how: 'reset' | 'hang'; forMs: number }
  | { do: 'count' };

/** A reply of the server, one line of JSON. Times are readings of CLOCK_MONOTONIC, in nanoseconds. */
export type Reply =
  | { did: 'listen'; port: number }
  | { did: 'script' }
  | { did: 'break'; fromNs: string; toNs: string }
  | { did: 'count'; requests: number; connections: number };
