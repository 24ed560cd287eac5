import { isIP } from 'node:net';
import type { PodRecord } from '../../snapshot/schema.ts';

/** The addresses of a pod that are recorded. A snapshot of an earlier version has only the first address of a pod with two. */
export const addressesOf = ({ ip, ips = [ip] }: Pick<PodRecord, 'ip' | 'ips'>): string[] =>
  ips.filter((address) => address !== '');

/**
 * Whether a pod is among the addresses that an istiod holds for its service. The istiod holds one address of each pod, of a family
 * that the Service chooses. If only the first address of the pod is recorded, addresses of the other family may be the pod's.
 *
 * @param index the same addresses, for long lists.
 */
export function isHeld(
  { ip, ips }: Pick<PodRecord, 'ip' | 'ips'>,
  held: readonly string[],
  index?: ReadonlySet<string>,
): boolean {
  const has = (address: string) => (index ? index.has(address) : held.includes(address));
  if (has(ip)) return true;
  if (ips) return ips.some(has);
  return held.length > 0 && held.every((one) => isIP(one) !== isIP(ip));
}

/**
 * Whether a pod of a list has an address. If only the first address of a pod is recorded, an address of the other family may be the
 * pod's, and counts as its address.
 */
export function podHasAddress(pods: readonly PodRecord[]): (address: string) => boolean {
  const known = new Set(pods.flatMap(addressesOf));
  const unknownFamilies = new Set(
    pods.flatMap(({ ip, ips }) => (ips === undefined && isIP(ip) !== 0 ? [isIP(ip) === 4 ? 6 : 4] : [])),
  );
  return (address) => known.has(address) || unknownFamilies.has(isIP(address));
}
