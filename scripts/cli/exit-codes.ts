/** The exit codes of commands. */
export const exitCodes = { pass: 0, broken: 1, couldNotJudge: 2, wrongUse: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
