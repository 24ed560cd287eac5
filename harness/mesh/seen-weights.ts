/** The endpoints that a client proxy has for the pods of a service in another cluster. */
export interface SeenWeight {
  /** The sum of the weights of these endpoints. */
  weight: number;
  /** The localities of these endpoints, such as "region-east/zone-1"; "" for a locality without a name. */
  localities: readonly string[];
}

/** By client proxy, "west/webapp-1". */
export type SeenWeights = Readonly<Record<string, SeenWeight>>;
