import { numeric, table, tables, text } from '../spec-reader.ts';
import { defaultGatewayPort } from '../gateways.ts';

/** One network of MeshNetworks. */
export interface MeshNetwork {
  name: string;
  /** The clusters of `fromRegistry`. */
  registries: string[];
  /** The ranges of `fromCidr`. */
  ranges: string[];
  /** Its gateways. `key` is `namespace/name` of the Service that one names; absent: it has an address. */
  gateways: { key?: string; port: number }[];
}

/** The networks of the meshNetworks of a ConfigMap. */
export const parseMeshNetworks = (given: Readonly<Record<string, unknown>>): MeshNetwork[] =>
  Object.entries(given).map(([name, spec]) => {
    const { endpoints, gateways } = table(spec);
    return {
      name,
      registries: tables(endpoints).flatMap(({ fromRegistry }) => text(fromRegistry) ?? []),
      ranges: tables(endpoints).flatMap(({ fromCidr }) => text(fromCidr) ?? []),
      gateways: tables(gateways).map((gateway) => {
        const host = text(gateway['registryServiceName'] ?? gateway['service']) ?? '';
        const [, service, namespace] = /^([^.]+)\.([^.]+)\.svc\./.exec(host) ?? [];
        return {
          ...(service === undefined || namespace === undefined ? {} : { key: `${namespace}/${service}` }),
          port: numeric(gateway['port']) ?? defaultGatewayPort,
        };
      }),
    };
  });
