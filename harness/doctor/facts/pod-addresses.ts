import { isIP } from 'node:net';
import type { PodRecord } from '../../snapshot/schema.ts';

type Addressed = Pick<PodRecord, 'ip' | 'ips'>;

/**
 * The addresses of a pod that are recorded: `ips`, or `ip` alone. A snapshot of an earlier version has only the first address of a pod
 * with two. `ips` without `ip` does not count.
 */
export const addressesOf = ({ ip, ips = [ip] }: Addressed): string[] =>
  (ips.includes(ip) ? ips : [ip]).filter((address) => address !== '');

/**
 * Whether a pod is among the addresses that an istiod holds for its service. The istiod holds one address of each pod, of a family
 * that the Service chooses. If an address of this family is not recorded for the pod, the held addresses may be the pod's.
 *
 * @param index the same addresses, for long lists.
 */
export function isHeld(pod: Addressed, held: readonly string[], index?: ReadonlySet<string>): boolean {
  const has = (address: string) => (index ? index.has(address) : held.includes(address));
  const own = addressesOf(pod);
  if (own.some(has)) return true;
  const families = new Set(own.map((address) => isIP(address)));
  return held.length > 0 && held.every((one) => !families.has(isIP(one)));
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
