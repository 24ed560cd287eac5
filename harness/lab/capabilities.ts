import { readFile } from 'node:fs/promises';

/** Names by bit, from linux/capability.h (Linux 6). */
const names = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
).split(' ');

/** The capabilities that a bounding set (hexadecimal, as in /proc/self/status) lacks: `['CAP_SYS_RESOURCE']`. */
export function missingFrom(boundingSet: string): string[] {
  const mask = BigInt(`0x${boundingSet}`);
  return names.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 0n).map((name) => `CAP_${name}`);
}

/** The capabilities that this machine cannot grant to any process; empty on a machine without /proc. */
export async function missingCapabilities(): Promise<string[]> {
  let status: string;
  try {
    status = await readFile('/proc/self/status', 'utf8');
  } catch {
    return [];
  }
  const mask = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return mask === undefined ? [] : missingFrom(mask);
}
