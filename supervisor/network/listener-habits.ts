/**
 * How the processes behind a listener treat signal connections. `exchange`: they ask for the real connection,
 * as a process monitor does. `take`: they make their system calls themselves (Go, io_uring) and have taken a
 * signal connection for a real one. `defer`: the kernel shows them a connection only once it carries data.
 */
type Habit = 'exchange' | 'take' | 'defer';

/** Remembers how the processes behind the guest's listeners, by port, treat signal connections. */
export class ListenerHabits {
  readonly #habits = new Map<number, Habit>();
  /** Listeners that have accepted a signal connection, so the kernel shows them connections without data. */
  readonly #prompt = new Set<number>();

  /** A process monitor reports that its guest listens on `port`, or that nobody listens there any more. */
  monitored(port: number, listens: boolean): void {
    if (listens) this.#habits.set(port, 'exchange');
    else this.#habits.delete(port);
    this.#prompt.delete(port);
  }

  /** A process monitor has asked for the connection for which a signal connection stands. */
  asked(port: number): void {
    if (this.#habits.get(port) !== 'defer') this.#habits.set(port, 'exchange');
    this.#prompt.add(port);
  }

  /** A guest has taken a signal connection for a real one. */
  took(port: number): void {
    this.#habits.set(port, 'take');
  }

  /** The kernel keeps a signal connection from the accept queue until it carries data. */
  deferred(port: number): void {
    this.#habits.set(port, 'defer');
  }

  exchanges(port: number): boolean {
    return this.#habits.get(port) === 'exchange';
  }

  /** Whether the listener is known to accept connections that carry no data. */
  isPrompt(port: number): boolean {
    return this.#prompt.has(port);
  }
}
