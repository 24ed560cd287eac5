import { duration, quantity } from './plain-text.ts';
import type { FaultImpact, PathImpact } from './schema.ts';

const notRecorded = 'not recorded';

/** `RES-04 (rolling restart): 7 of 1,482 requests lost, longest outage 3.1 s, …`: the worst path in one line. */
export function impactLine({ promise, phase, worst }: FaultImpact): string {
  const fault = phase === undefined ? promise : `${promise} (${phase})`;
  if (!worst) return `${fault}: ${notRecorded}`;
  const recovery = recoveryText(worst);
  const recovered = worst.recovered && recovery !== '–' ? `recovered ${recovery}` : recovery;
  const outage = outageText(worst);
  const parts = [`${lostText(worst)} requests lost`, `longest outage ${outage}`, recovered];
  return `${fault}: ${parts.filter((part) => !part.endsWith(notRecorded)).join(', ')}`;
}

/** `7 of 1,482`. */
export function lostText({ requestsLost, requestsSent }: PathImpact): string {
  if (requestsLost === null) return notRecorded;
  return requestsSent === null
    ? quantity(requestsLost)
    : `${quantity(requestsLost)} of ${quantity(requestsSent)}`;
}

/** `3.1 s`, and the sum if there were several outages. */
export function outageText({ longestOutageMs, outageMs }: PathImpact): string {
  if (longestOutageMs === null) return outageMs === null ? notRecorded : `${span(outageMs)} in all`;
  const all = outageMs !== null && outageMs > longestOutageMs + 1 ? `, ${span(outageMs)} in all` : '';
  return `${longestOutageMs === 0 ? 'none' : span(longestOutageMs)}${all}`;
}

/** `3.1 s after the fault began`. */
export function recoveryText({ recovered, afterFaultMs, afterHealingMs, requestsLost }: PathImpact): string {
  if (!recovered) return 'not recovered';
  if (afterHealingMs !== undefined) return `${span(afterHealingMs)} after the fault ended`;
  if (afterFaultMs !== undefined) return `${span(afterFaultMs)} after the fault began`;
  return requestsLost === null ? notRecorded : '–';
}

/** A duration that a line break does not split. */
export function span(ms: number): string {
  return duration(ms).replaceAll(' ', '\u00a0');
}
