/** The size of the body of `/stream`, bytes; the workload sends 1 KiB/s of it. */
export const streamBytes = 30_720;

/**
 * Returns the body of `/bytes/<count>` and of `/stream`, as clusters/workloads/envoy.yaml makes it. Each line has 16 bytes:
 * its offset in 15 digits and a line end. So a lost, doubled or moved piece shows its position.
 */
export function expectedBytes(count: number): Buffer {
  const lines: string[] = [];
  for (let offset = 0; offset < count; offset += 16) lines.push(`${String(offset).padStart(15, '0')}\n`);
  return Buffer.from(lines.join('').slice(0, count), 'latin1');
}
