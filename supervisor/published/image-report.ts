import * as z from 'zod/mini';

/** What `boxer inspect` is asked, on standard input, in a container of the twin with a function's user. */
export const imageQuestion = z.object({
  /** What the service starts, as the container would. */
  argv: z.array(z.string()),
  workingDirectory: z.string(),
  /** PATH of the service, where it sets one. */
  path: z.optional(z.string()),
  /** USER of the image, or `user` of the service; '': root. */
  user: z.string(),
});
export type ImageQuestion = z.infer<typeof imageQuestion>;

/** What it answers. */
export const imageReport = z.object({
  /** Why the working directory cannot be entered, an errno name. */
  barred: z.optional(z.string()),
  /** Files and folders below the working directory that cannot be read, the first few. */
  unreadable: z.array(z.string()),
  /** Folders that the image's own user could write to, and a function cannot. */
  userFolders: z.array(z.string()),
  /** The program is none that the process monitor sees: file, and why. */
  unseen: z.optional(z.object({ file: z.string(), because: z.string() })),
});
export type ImageReport = z.infer<typeof imageReport>;
