import type { Overlay } from '../../membership/join.ts';

/** Calls `check` now and after each change of the overlay's members, until `signal` aborts. */
export function watchMembers(overlay: Overlay, check: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  const unsubscribe = overlay.onChange(check);
  signal.addEventListener('abort', unsubscribe, { once: true });
  check();
}

/**
 * Whether the node `id` listens on every port on which the node `model` listens, as far as `overlay` knows.
 */
export function listensLike(overlay: Overlay, id: number, model: number): boolean {
  const ports = portsOf(overlay, id);
  return portsOf(overlay, model).every((port) => ports.includes(port));
}

function portsOf(overlay: Overlay, id: number): readonly number[] {
  return overlay.members().get(id)?.ports ?? [];
}
