/** The functions of the native addon that the pump calls (`shim-c/addon/pump.h`). */
export interface PumpAddon {
  pumpStart(held: Uint32Array, idle: number, onEnded: (slot: number, ...bytes: number[]) => void): unknown;
  /** Duplicates both descriptors. `earlyA` and `earlyB` are bytes that have been read from them already. */
  pumpAdd(pump: unknown, slot: number, a: number, b: number, earlyA?: Buffer, earlyB?: Buffer): void;
  pumpReset(pump: unknown, slot: number): void;
  pumpStop(pump: unknown): void;
}
