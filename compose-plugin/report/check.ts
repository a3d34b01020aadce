/** One line of the doctor's table. */
export interface Check {
  name: string;
  ok: boolean;
  found: string;
  /** What to do where it is not. */
  advice: string;
}
