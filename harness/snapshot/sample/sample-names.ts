import { createHash } from 'node:crypto';

/** The time of the sample. */
export const sampleTime = '2026-11-01T12:00:00.000Z';

/** The fingerprint of a certificate of the sample: `root`, `ca-west`, `api-west`, or `west/catalog` for a workload. */
export const sampleFingerprint = (name: string): string => createHash('sha256').update(name).digest('hex');
