import type { ProbeOutput } from '../../supervisor/published/probe.ts';

/** The shape of `docker boxer probe --json`. */
export interface ProbeReport extends ProbeOutput {
  probe: 1;
  /** The day, ISO 8601. */
  date: string;
  boxer: string;
  provider: 'local' | 'aws';
  region: string;
  architecture: string;
  /** MB */
  memory: number;
}
