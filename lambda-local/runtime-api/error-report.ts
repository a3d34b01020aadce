import type { Outcome } from './work.ts';

const DEFAULT_TYPE = 'Runtime.UnknownReason';
const TYPE = /^(Runtime|Function|Extension)\.[A-Z][A-Za-z]+$/;

/** An error that a runtime reports: `type` is its header, `body` what it sent, JSON or not. */
export function errorReport(type: string | undefined, body: Buffer): Outcome {
  return { ok: false, errorType: type !== undefined && TYPE.test(type) ? type : typeWithin(body), body };
}

/** What a streamed response's trailers say; undefined when they report no error. */
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
