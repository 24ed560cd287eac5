/** An IPv4 subnet as numbers: its first and last address, and how many leading bits are fixed. */
export interface Subnet {
  first: number;
  last: number;
  bits: number;
  /** Whether the address that was written has bits set beyond the prefix, so that it is not the subnet's own. */
  hostBitsSet: boolean;
}

/** Reads a subnet in CIDR notation that is known to be well-formed: `172.30.0.0/24`. Throws a RangeError if it is not. */
export function subnetOf(cidr: string): Subnet {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const [a = NaN, b = NaN, c = NaN, d = NaN, bits = NaN] = (match ?? []).slice(1).map(Number);
  if (!match || bits > 32 || [a, b, c, d].some((octet) => octet > 255))
    throw new RangeError(`${cidr} is not an IPv4 subnet`);
  // Arithmetic, not bit operations: those are signed at 32 bits.
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const size = 2 ** (32 - bits);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1, bits, hostBitsSet: first !== address };
}

/** Whether two subnets share an address. */
export function overlap(a: Subnet, b: Subnet): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** The subnet's own notation, with no host bits. */
export function cidrOf({ first, bits }: Subnet): string {
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${bits}`;
}
