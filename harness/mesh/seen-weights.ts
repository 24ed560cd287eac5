/** What a client proxy has of the way to the pods of a service in another cluster. */
export interface SeenWeight {
  /** Of its endpoints there, summed. */
  weight: number;
  /** Of the localities that it has those endpoints in, such as "region-east/zone-1"; "" for one without a name. */
  localities: readonly string[];
}

/** By client proxy, "west/webapp-1". */
export type SeenWeights = Readonly<Record<string, SeenWeight>>;
