/**
 * Keeps a fact of a mesh or of a cluster, its last argument, so that it is made once. `ask` runs each time: it asks for the parts that the
 * fact rests on, so that every check that uses the fact is noted with them. If either throws NotRead, nothing is kept.
 */
export function keptFor<A extends readonly [...unknown[], WeakKey], T>(
  ask: (...of: A) => unknown,
  make: (...of: A) => T,
): (...of: A) => T {
  const kept = new WeakMap<WeakKey, { value: T }>();
  return (...of) => {
    ask(...of);
    const key = of.at(-1) as WeakKey;
    let known = kept.get(key);
    if (!known) kept.set(key, (known = { value: make(...of) }));
    return known.value;
  };
}
