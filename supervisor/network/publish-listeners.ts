import type { ListenerView } from './listeners.ts';

interface PublisherOptions {
  readonly listeners: ListenerView;
  /** Tells the seed, and by it everybody. May reject: whoever is away is told again when it is back. */
  readonly tell: (ports: readonly number[]) => Promise<void>;
  /** A process monitor spoke of this port, and nobody listens there since. */
  readonly onGone: (port: number) => void;
}

/** Publishes what the guest listens on. The kernel is the truth; what process monitors say tells when to look. */
export interface ListenerPublisher {
  /** A listener has come or gone: looks in a moment, once for all who say so until then. */
  hear(port: number): void;
  /** Looks now. */
  look(): void;
  /** Looks now if somebody has said something since the last look: what the guest says next may be about it. */
  catchUp(): void;
  close(): void;
}

/** A look walks the kernel's whole table of connections, milliseconds in a large one: half of the time is for others. */
const REST = 1;

export function createListenerPublisher({ listeners, tell, onGone }: PublisherOptions): ListenerPublisher {
  const heard = new Set<number>();
  let published = '';
  let telling = false;
  let timer: NodeJS.Timeout | undefined;
  let restUntil = 0;

  /** One at a time, and then what is there by that time. */
  async function publish(): Promise<void> {
    if (telling) return;
    telling = true;
    for (let ports = listeners.ports(); ports.join() !== published; ports = listeners.ports()) {
      published = ports.join();
      await tell(ports).catch(() => undefined);
    }
    telling = false;
  }

  function look(): void {
    clearTimeout(timer);
    timer = undefined;
    const started = performance.now();
    listeners.refresh();
    const ended = performance.now();
    restUntil = ended + REST * (ended - started);
    const spokenOf = [...heard];
    heard.clear();
    void publish();
    for (const port of spokenOf) if (!listeners.at(port)) onGone(port);
  }

  return {
    hear(port) {
      heard.add(port);
      timer ??= setTimeout(look, Math.max(0, restUntil - performance.now())).unref();
    },
    look,
    catchUp() {
      if (timer) look();
    },
    close: () => clearTimeout(timer),
  };
}
