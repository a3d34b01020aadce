/** How phantoms reach the Lambda API. */
export interface LambdaAccess {
  provider: 'local' | 'aws';
  region: string;
  /** URL; undefined: AWS's own for the region */
  endpoint: string | undefined;
  /** Whether phantoms are given a file with credentials; otherwise they find some as any program on the machine does. */
  credentials: boolean;
  /** Where the local Lambda finds the engine's socket, on the engine's side, if that is not the usual place. */
  socket?: string;
}

/** AWS has no default region; the local Lambda has to call itself something. */
const LOCAL_REGION = 'us-east-1';

/** The Lambda of this engine, which checks no credentials. */
export const localAccess = (region: string | undefined, socket?: string): LambdaAccess => ({
  provider: 'local',
  region: region ?? LOCAL_REGION,
  endpoint: 'http://boxer-lambda:9000',
  credentials: false,
  ...(socket === undefined ? {} : { socket }),
});
