/** The clusters that you named are not the clusters of a mesh. */
export class NotAMesh extends Error {}
