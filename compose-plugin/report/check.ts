/** One line of the doctor's table. */
export interface Check {
  name: string;
  ok: boolean;
  found: string;
  /** The remedy if the check failed. */
  advice: string;
}
