/** The engine has a lab with this name, and another checkout or job made it. */
export class ForeignLab extends Error {}

/** A namespace that is someone else's: nothing is put into it, and it is not removed. */
export class NotOurs extends Error {}
