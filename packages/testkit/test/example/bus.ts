/**
 * The backend of the worked example: a bus of texts inside this process. It keeps nothing, knows nobody, and tells
 * nobody who is there, as the simplest services do.
 */

/** What a client of the bus is told. */
export interface WireEvents {
  onOpen(id: string): void;
  onClose(reason: string): void;
  onSubscribed(topic: string): void;
  onText(topic: string, text: string): void;
}

/** A client's connection to the bus. */
export interface Wire {
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Resolves when the bus has taken it. */
  publish(topic: string, text: string): Promise<void>;
  close(): void;
}

interface Client {
  readonly name: string;
  readonly topics: Set<string>;
  readonly tell: (fn: (events: WireEvents) => void) => void;
}

export class Bus {
  readonly #clients = new Set<Client>();
  readonly #refused = new Set<string | undefined>();
  #count = 0;

  connect(name: string, events: WireEvents): Wire {
    let isOpen = true;
    const later = (fn: () => void): void => queueMicrotask(() => isOpen && fn());
    const client: Client = { name, topics: new Set(), tell: (fn) => later(() => fn(events)) };
    later(() => {
      if (this.#refused.has(undefined) || this.#refused.has(name)) return events.onClose('refused');
      this.#clients.add(client);
      events.onOpen(`bus-${(this.#count += 1)}`);
    });
    return {
      subscribe: (topic) =>
        later(() => {
          client.topics.add(topic);
          client.tell(({ onSubscribed }) => onSubscribed(topic));
        }),
      unsubscribe: (topic) => later(() => client.topics.delete(topic)),
      publish: (topic, text) =>
        new Promise((resolve) =>
          later(() => {
            for (const { topics, tell } of this.#clients)
              if (topics.has(topic)) tell(({ onText }) => onText(topic, text));
            later(resolve);
          }),
        ),
      close: () => {
        isOpen = false;
        this.#clients.delete(client);
      },
    };
  }

  /** Breaks the connections of one client, or all. */
  cut(name?: string): void {
    for (const client of this.#clients) {
      if (name !== undefined && client.name !== name) continue;
      this.#clients.delete(client);
      client.tell(({ onClose }) => onClose('cut'));
    }
  }

  /** The same, and refuses new ones until healed. */
  refuse(name?: string): void {
    this.#refused.add(name);
    this.cut(name);
  }

  heal(): void {
    this.#refused.clear();
  }
}
