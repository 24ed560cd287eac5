import { createHash } from 'node:crypto';

/** When the sample was taken; its certificates are valid around it. */
export const sampleTime = '2026-11-01T12:00:00.000Z';

const day = 24 * 3_600_000;

export const at = (days: number) => new Date(Date.parse(sampleTime) + days * day).toISOString();

/** The fingerprint of a certificate of the sample: `root`, `ca-west`, `west/catalog` (a workload's), `west/istiod`. */
export const sampleFingerprint = (name: string): string => createHash('sha256').update(name).digest('hex');
