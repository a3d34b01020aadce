import type { ReadProject } from '../project/project-data.ts';
import type { Work } from '../project/work.ts';
import type { Check } from '../report/check.ts';

/** Lines of the doctor's table, and the sections that are printed after the table. */
export interface Findings {
  readonly checks: Check[];
  readonly sections: string[];
}

/** The resources of a provider that are not on this machine and outlive `down`. */
export interface Account {
  /** The account's name in messages. */
  readonly title: string;
  /** The file in a project's state folder that lists its resources. */
  readonly note: string;

  /**
   * `push`: builds and pushes the twins of the selected services.
   * @returns service -> image URI with digest
   */
  readonly push: (work: Work, project: ReadProject) => Promise<Map<string, string>>;

  /**
   * `doctor` with the provider's name as a flag. `project` is undefined if no service is boxed. Changes
   * nothing.
   */
  readonly findings: (work: Work, project: ReadProject | undefined) => Promise<Findings>;

  /**
   * `down --functions`: removes the project's resources and reports them.
   * @param services services of the model
   * @param only services of the command line; empty: everything goes
   */
  readonly remove: (
    work: Work,
    project: string,
    region: string | undefined,
    services: readonly string[],
    only: readonly string[],
  ) => Promise<void>;

  /** What `down` leaves, for the user; undefined: nothing was made from this state folder. */
  readonly whatStays: (folder: string) => Promise<string | undefined>;
}
