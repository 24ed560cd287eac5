/** The size of the body of `/stream`, bytes; the workload sends 1 KiB/s of it. */
export const streamBytes = 30_720;

/**
 * The body of `/bytes/<count>` and of `/stream`, as clusters/workloads/envoy.yaml makes it: lines of 16 bytes, each its
 * own offset in 15 digits. A piece that was lost, doubled or moved shows where.
 */
export function expectedBytes(count: number): Buffer {
  const lines: string[] = [];
  for (let offset = 0; offset < count; offset += 16) lines.push(`${String(offset).padStart(15, '0')}\n`);
  return Buffer.from(lines.join('').slice(0, count), 'latin1');
}
