import type { ProbeOutput } from '../../supervisor/published/probe.ts';
import type { ProviderName } from '../compose/provider-names.ts';

/** The shape of `docker boxer probe --json`. */
export interface ProbeReport extends ProbeOutput {
  probe: 1;
  /** The day, ISO 8601. */
  date: string;
  boxer: string;
  provider: ProviderName;
  region: string;
  architecture: string;
  /** MB */
  memory: number;
}
