/**
 * Keeps a fact of a mesh or of a cluster, the last argument that `ask` declares, so that it is made once. `ask` runs each time: it asks
 * for the parts that the fact rests on, so that every check that uses the fact is noted with them. If either throws NotRead, nothing is kept.
 */
export function keptFor<A extends readonly [...unknown[], WeakKey], T>(
  ask: (...of: A) => unknown,
  make: (...of: A) => T,
): (...of: A) => T {
  const kept = new WeakMap<WeakKey, { value: T }>();
  return (...of) => {
    ask(...of);
    // A callback of `flatMap` gets more arguments.
    const key = of[ask.length - 1] as WeakKey;
    let known = kept.get(key);
    if (!known) kept.set(key, (known = { value: make(...of) }));
    return known.value;
  };
}
