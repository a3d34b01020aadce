/** Each room with the rooms that it may import from. */
export type Rooms = Readonly<Record<string, readonly string[]>>;
