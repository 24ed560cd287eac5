import { writeFile } from 'node:fs/promises';
import type { TestInfo } from '@playwright/test';
import { type Band, experimentAttachment, experimentSchema, type Experiment } from '../report/experiment.ts';
import type { Good, Timeline } from '../traffic/timeline.ts';
import { findOutages, spansOf } from '../verdict/outage.ts';

/** The events of a fault on the timelines of all loads, in this order. */
export const faultEvents = {
  injected: 'fault begins',
  proven: 'fault proven',
  healed: 'fault over',
} as const;

/**
 * Attaches an experiment of the running promise to the report, which draws it. Call it once a direction.
 *
 * @throws Error that names the field if the experiment does not fit its schema: a number that is not finite, a band that ends before it
 *   begins.
 */
export async function recordExperiment(testInfo: TestInfo, experiment: Experiment): Promise<void> {
  const checked = experimentSchema.safeParse(experiment);
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`unfit experiment ${experiment.scope}: ${problems.slice(0, 3).join('; ')}`);
  }
  const earlier = testInfo.attachments.filter(({ name }) => name === experimentAttachment).length;
  const file = testInfo.outputPath(`experiment-${earlier + 1}.json`);
  await writeFile(file, JSON.stringify(checked.data));
  await testInfo.attach(experimentAttachment, { path: file, contentType: 'application/json' });
}

/** The bands of a picture: the fault, from its first change until it is healed, and the outages. */
export function bandsOf({ events, requests }: Pick<Timeline, 'events' | 'requests'>, good: Good): Band[] {
  const at = (label: string) => events.find((event) => event.label === label)?.atMs;
  const endMs = requests.reduce((latest, request) => Math.max(latest, request.endMs), 0);
  const fromMs = at(faultEvents.injected);
  const fault: Band[] =
    fromMs === undefined
      ? []
      : [{ kind: 'fault', label: 'fault', fromMs, toMs: at(faultEvents.healed) ?? endMs }];
  const outages = spansOf(findOutages(requests, good), endMs).map(({ errors, ...span }): Band => {
    const label = `${errors} ${errors === 1 ? 'request' : 'requests'} lost`;
    return { kind: 'outage', label, ...span };
  });
  return [...fault, ...outages];
}
