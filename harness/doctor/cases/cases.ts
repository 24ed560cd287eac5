import { brokenCases } from './broken.ts';
import type { RecordedCase } from './case.ts';
import { healthyCases } from './healthy.ts';

/** Meshes that were recorded after public reports, with the expected answers of the doctor. */
export const recordedCases: readonly RecordedCase[] = [...healthyCases, ...brokenCases];
