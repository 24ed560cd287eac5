import { writeFile } from 'node:fs/promises';
import type { TestInfo } from '@playwright/test';
import { experimentAttachment, experimentSchema, type Experiment } from '../report/experiment.ts';

/**
 * Hands an experiment of the running promise to the report, which draws it; once a direction. Throws, naming the place,
 * when it does not fit its schema: a number that is not finite, a band that ends before it begins.
 */
export async function recordExperiment(testInfo: TestInfo, experiment: Experiment): Promise<void> {
  const checked = experimentSchema.safeParse(experiment);
  if (!checked.success) {
    const faults = checked.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`unfit experiment ${experiment.scope}: ${faults.slice(0, 3).join('; ')}`);
  }
  const earlier = testInfo.attachments.filter((one) => one.name === experimentAttachment).length;
  const file = testInfo.outputPath(`experiment-${earlier + 1}.json`);
  await writeFile(file, JSON.stringify(checked.data));
  await testInfo.attach(experimentAttachment, { path: file, contentType: 'application/json' });
}
