import type { TestInfo } from '@playwright/test';
import { annotation } from './report/annotations.ts';
import type { Cause } from './report/schema.ts';

/**
 * Records what the doctor found first after the running promise failed; the report shows the first one that was recorded
 * beside the reason, unless the promise is kept after all. Throws when a field is empty that must not be.
 */
export function recordCause(testInfo: TestInfo, cause: Cause): void {
  testInfo.annotations.push(annotation('meshproof.cause', cause));
}
