/** A member of an object in an answer of unknown shape; undefined if there is none. */
export const memberOf = (of: unknown, key: string): unknown =>
  typeof of === 'object' && of !== null ? Reflect.get(of, key) : undefined;
