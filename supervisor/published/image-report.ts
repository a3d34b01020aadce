import * as z from 'zod/mini';

/**
 * The standard input of `boxer inspect`, which runs in a container of the twin with the user of a function.
 */
export const imageQuestion = z.object({
  /** The entrypoint and command of the service, as a container would start them. */
  argv: z.array(z.string()),
  workingDirectory: z.string(),
  /** PATH of the service; absent if the service sets none. */
  path: z.optional(z.string()),
  /** `user` of the service, or else USER of the image; '': root. */
  user: z.string(),
});
export type ImageQuestion = z.infer<typeof imageQuestion>;

/** The output of `boxer inspect`. */
export const imageReport = z.object({
  /** The name of the errno if the working directory cannot be entered. */
  barred: z.optional(z.string()),
  /** The first few files and folders below the working directory that cannot be read. */
  unreadable: z.array(z.string()),
  /** Folders to which the image's user can write in a container, but not in a function. */
  userFolders: z.array(z.string()),
  /** The program's file, and the reason, if the process monitor cannot intercept the program's calls. */
  unseen: z.optional(z.object({ file: z.string(), because: z.string() })),
});
export type ImageReport = z.infer<typeof imageReport>;
