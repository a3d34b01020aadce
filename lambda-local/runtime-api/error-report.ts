import type { Outcome } from './work.ts';

const DEFAULT_TYPE = 'Runtime.UnknownReason';
const TYPE = /^(Runtime|Function|Extension)\.[A-Z][A-Za-z]+$/;

/**
 * The outcome for an error that a runtime reports in the header `type` and in `body`, which may not be JSON.
 */
export function errorReport(type: string | undefined, body: Buffer): Outcome {
  return { ok: false, errorType: type !== undefined && TYPE.test(type) ? type : typeWithin(body), body };
}

/** The outcome for an error in the trailers of a streamed response; undefined if they report none. */
export function trailerReport(trailers: NodeJS.Dict<string>): Outcome | undefined {
  const type = trailers['lambda-runtime-function-error-type'];
  if (type === undefined) return undefined;
  const body = Buffer.from(trailers['lambda-runtime-function-error-body'] ?? '', 'base64');
  return { ok: false, errorType: type, body };
}

function typeWithin(body: Buffer): string {
  try {
    const report: unknown = JSON.parse(body.toString());
    if (typeof report !== 'object' || report === null || !('errorType' in report)) return DEFAULT_TYPE;
    return String(report.errorType);
  } catch {
    return DEFAULT_TYPE;
  }
}
