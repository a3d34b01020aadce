/** How a message is described for readers: `docs/protocol.md` is made of it. */
interface Described {
  /** u8 of the frame. Two messages may share a number where different sides receive them. */
  readonly number: number;
  readonly name: string;
  /** Who sends it. */
  readonly from: string;
  /** The fields of the body and, of a request, `->` and those of the reply. */
  readonly body: string;
  /** Markdown: what the message does, and its errors. */
  readonly about: string;
}

/**
 * A message that is answered. A parser returns what was sent, checked: unknown fields are left out. It throws
 * ControlError EINVAL, naming the field that is not as it should be.
 */
export interface RequestMessage<Request, Reply> extends Described {
  readonly parseRequest: (body: unknown) => Request;
  readonly parseReply: (body: unknown) => Reply;
}

/** A message that nobody answers. `parse` as in `RequestMessage`. */
export interface NotificationMessage<Body> extends Described {
  readonly parse: (body: unknown) => Body;
}

/** The body of a message that has nothing to say. */
export type Nothing = Readonly<Record<string, never>>;

/** Reads the body of a message that has nothing to say, whatever is there. */
export const nothing = (): Nothing => ({});

/** Reads a reply that only says that the request was served. */
export const done = (): void => undefined;

/** Declares a message that is answered. */
export function request<Request, Reply>(
  message: RequestMessage<Request, Reply>,
): RequestMessage<Request, Reply> {
  return message;
}

/** Declares a message that nobody answers. */
export function notification<Body>(message: NotificationMessage<Body>): NotificationMessage<Body> {
  return message;
}

/** Declares a notification whose body is bytes; its number has to be one of `BYTES`. */
export function bytes(message: Omit<Described, 'body'>): NotificationMessage<Buffer> {
  return { ...message, body: 'bytes', parse: (body) => (Buffer.isBuffer(body) ? body : Buffer.alloc(0)) };
}

/**
 * A request that is passed on, or made up, with any body: for those who do not take part in the conversation.
 */
export function unchecked(number: number): RequestMessage<unknown, unknown> {
  const same = (body: unknown) => body;
  const described = { name: `message ${number}`, from: 'anybody', body: 'anything', about: '' };
  return { ...described, number, parseRequest: same, parseReply: same };
}

/** The message that sessions send by themselves, and answer, while nothing else is sent. */
export const PING = 10;

/** Messages whose bodies are bytes (a guest's streams); all others are UTF-8 JSON. */
export const BYTES: ReadonlySet<number> = new Set([32, 33, 36]);
