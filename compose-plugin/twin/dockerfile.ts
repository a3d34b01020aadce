/**
 * The twin: the service's image plus the runtime. ENTRYPOINT clears CMD, which the event carries instead; the
 * image's USER and WORKDIR stay, and a function ignores the first.
 */
export function twinDockerfile(image: string, runtime: string): string {
  return [
    `FROM ${image}`,
    `COPY --from=${runtime} /opt/boxer /opt/boxer`,
    'ENTRYPOINT ["/opt/boxer/bin/boxer"]',
    '',
  ].join('\n');
}
