import type { ListenerView } from './listeners.ts';

interface PublisherOptions {
  readonly listeners: ListenerView;
  /**
   * Tells the ports to the seed, which tells the other nodes. May reject: a seed that is away gets the ports
   * when it is back.
   */
  readonly tell: (ports: readonly number[]) => Promise<void>;
  /** Called when nobody listens on a port that a process monitor has reported. */
  readonly onGone: (port: number) => void;
}

/**
 * Publishes the ports on which the guest listens, whenever the listeners are refreshed. The ports are read
 * from the kernel; reports of process monitors only say when to read.
 */
export interface ListenerPublisher {
  /**
   * Reports that a listener has opened or closed. The publisher looks soon, once for all reports until then.
   */
  hear(port: number): void;
  /**
   * Looks now if there was a report since the last look, as the guest's next request may concern the reported
   * listener.
   */
  catchUp(): void;
  close(): void;
}

/**
 * Ratio of pause to look. A look reads the kernel's whole table of connections, which takes milliseconds if
 * it is large; half of the time is left for other work.
 */
const REST = 1;

export function createListenerPublisher({ listeners, tell, onGone }: PublisherOptions): ListenerPublisher {
  const heard = new Set<number>();
  let published = '';
  let telling = false;
  let timer: NodeJS.Timeout | undefined;
  let restUntil = 0;

  /** Publishes the ports, one call at a time, until the latest ports have been published. */
  async function publish(): Promise<void> {
    if (telling) return;
    telling = true;
    for (let ports = listeners.ports(); ports.join() !== published; ports = listeners.ports()) {
      published = ports.join();
      await tell(ports).catch(() => undefined);
    }
    telling = false;
  }

  const unsubscribe = listeners.onRefresh((ms) => {
    clearTimeout(timer);
    timer = undefined;
    restUntil = performance.now() + REST * ms;
    const spokenOf = [...heard];
    heard.clear();
    void publish();
    for (const port of spokenOf) if (!listeners.at(port)) onGone(port);
  });

  return {
    hear(port) {
      heard.add(port);
      timer ??= setTimeout(() => listeners.refresh(), Math.max(0, restUntil - performance.now())).unref();
    },
    catchUp() {
      if (timer) listeners.refresh();
    },
    close() {
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
