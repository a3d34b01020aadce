/**
 * The twin: the service's image plus the runtime. ENTRYPOINT clears CMD, which the event carries instead, and
 * with it the working directory: Lambda starts no function whose WORKDIR its user cannot enter. USER stays,
 * and a function ignores it.
 */
export function twinDockerfile(image: string, runtime: string): string {
  return [
    `FROM ${image}`,
    `COPY --from=${runtime} /opt/boxer /opt/boxer`,
    'WORKDIR /',
    'ENTRYPOINT ["/opt/boxer/bin/boxer"]',
    '',
  ].join('\n');
}
