/** The description of a message for readers; `docs/protocol.md` is made of these descriptions. */
interface Described {
  /** The type field (u8) of the frame. Two messages may share a number if different sides receive them. */
  readonly number: number;
  readonly name: string;
  /** The sender. */
  readonly from: string;
  /** The fields of the body; for a request, also `->` and the fields of the reply. */
  readonly body: string;
  /** Markdown: the purpose of the message, and its errors. */
  readonly about: string;
}

/**
 * A message that gets a reply. A parser returns the known fields of the body, checked. It throws ControlError
 * EINVAL, which names the invalid field.
 */
export interface RequestMessage<Request, Reply> extends Described {
  readonly parseRequest: (body: unknown) => Request;
  readonly parseReply: (body: unknown) => Reply;
}

/** A message without a reply. `parse` is like the parsers of `RequestMessage`. */
export interface NotificationMessage<Body> extends Described {
  readonly parse: (body: unknown) => Body;
}

/** The body of a message without fields. */
export type Nothing = Readonly<Record<string, never>>;

/** Parses the body of a message without fields; any body is accepted. */
export const nothing = (): Nothing => ({});

/** Parses a reply that only says that the request was served. */
export const done = (): void => undefined;

/** Declares a message that gets a reply. */
export function request<Request, Reply>(
  message: RequestMessage<Request, Reply>,
): RequestMessage<Request, Reply> {
  return message;
}

/** Declares a message without a reply. */
export function notification<Body>(message: NotificationMessage<Body>): NotificationMessage<Body> {
  return message;
}

/** Declares a notification whose body is bytes; its number has to be one of `BYTES`. */
export function bytes(message: Omit<Described, 'body'>): NotificationMessage<Buffer> {
  return { ...message, body: 'bytes', parse: (body) => (Buffer.isBuffer(body) ? body : Buffer.alloc(0)) };
}

/** Returns a request message that accepts any body, for code that passes requests on or makes them up. */
export function unchecked(number: number): RequestMessage<unknown, unknown> {
  const same = (body: unknown) => body;
  const described = { name: `message ${number}`, from: 'anybody', body: 'anything', about: '' };
  return { ...described, number, parseRequest: same, parseReply: same };
}

/**
 * The number of the message that a session sends by itself, and answers, while it has nothing else to send.
 */
export const PING = 10;

/** Messages whose bodies are bytes (a guest's streams); all others are UTF-8 JSON. */
export const BYTES: ReadonlySet<number> = new Set([32, 33, 36]);
