import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect } from '@jest/globals';
import { dialControl } from '../control/dial.ts';
import { unchecked } from '../control/message.ts';
import { newServiceIdentity, pskOf, serviceKey } from '../control/psk.ts';
import type { Session } from '../control/session.ts';
import type { SessionOptions } from '../control/session-options.ts';
import { TLS_OPTIONS } from '../control/tls-options.ts';
import type { Overlay } from '../membership/join.ts';
import { Hello } from '../protocol/greeting.ts';
import { Join } from '../protocol/join.ts';
import { NO_SEED_OBSERVER } from './metrics/seed-observer.ts';
import { config, createTestbed, projectKey, type Testbed, until } from './overlay-testbed.ts';

interface Parts {
  readonly bed: Testbed;
  readonly web: Overlay;
  readonly api: Overlay;
  readonly events: readonly string[];
}

/** A seed with two well-behaved nodes, and the means of a compromised container of the service `worker`. */
export class HostileTestbed {
  readonly bed: Testbed;
  readonly web: Overlay;
  readonly api: Overlay;
  /** What the seed has observed: how connections ended, and `throttled`. */
  readonly events: readonly string[];

  private constructor({ bed, web, api, events }: Parts) {
    this.bed = bed;
    this.web = web;
    this.api = api;
    this.events = events;
  }

  static async start(): Promise<HostileTestbed> {
    const events: string[] = [];
    const observer = {
      ...NO_SEED_OBSERVER,
      ended: (how: string) => events.push(how),
      throttled: () => events.push('throttled'),
    };
    const boxed = ['web', 'api', 'worker'].map((service) => ({ service, networks: { front: [service] } }));
    const limits = {
      rate: { frames: { perSecond: 2000, burst: 500 }, bytes: { perSecond: 2 ** 22, burst: 2 ** 22 } },
    };
    const bed = await createTestbed({ config: { ...config, boxed }, observer, limits });
    const [web, api] = await Promise.all([
      bed.join('web'),
      bed.join('api', { introduce: async () => undefined }),
    ]);
    await api.setListening([80]);
    await until(web, () => web.members().get(api.nodeId)?.ports.length === 1);
    return new HostileTestbed({ bed, web, api, events });
  }

  /** Checks that the other nodes are served: changes reach them, and requests are answered. */
  async othersAreWell(): Promise<void> {
    const { bed, web, api } = this;
    const port = 2000 + Math.floor(Math.random() * 1000);
    await api.setListening([80, port]);
    await until(web, () => web.members().get(api.nodeId)?.ports.includes(port) === true);
    await expect(web.reverse(api.address)).resolves.toContain('api');
    const late = await bed.join('web');
    expect(late.members().has(api.nodeId)).toBe(true);
    await late.leave();
  }

  dial(service = 'worker', options: SessionOptions = {}): Promise<Session> {
    const identity = newServiceIdentity(service);
    const key = pskOf(serviceKey(projectKey, 'worker'), identity);
    return dialControl({ host: '127.0.0.1', port: this.bed.seed.port, identity, key, ...options });
  }

  joinOf(session: Session, more: object = {}): object {
    return {
      role: 'container',
      service: 'worker',
      networks: { front: ['anything'] },
      hostname: 'h',
      container: '',
      local: session.local,
      via: '127.0.0.1',
      ...more,
    };
  }

  async joined(more: object = {}): Promise<{ session: Session; reply: Record<string, unknown> }> {
    const session = await this.dial();
    await session.request(Hello, { version: 1 });
    const reply = await session.request(unchecked(Join.number), this.joinOf(session, more));
    return { session, reply: { ...(typeof reply === 'object' ? reply : {}) } };
  }

  /** A connection that has proven its identity and sends no frame by itself. */
  async rawTls(): Promise<TLSSocket> {
    const identity = newServiceIdentity('worker');
    const psk = pskOf(serviceKey(projectKey, 'worker'), identity);
    const socket = connectTls({
      ...TLS_OPTIONS,
      host: '127.0.0.1',
      port: this.bed.seed.port,
      pskCallback: () => ({ psk, identity }),
      checkServerIdentity: () => undefined,
    });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    return socket;
  }
}
