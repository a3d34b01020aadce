/** How the link line came into the file: `unlink` needs this to restore the file exactly. */
type Origin = 'added' | 'joined' | 'new';

const marker = (origin: Origin) =>
  `# docker boxer link (${origin}): \`docker boxer unlink\` takes this and the next line out again`;
const MARKER = /^# docker boxer link \((added|joined|new)\): /;
const PARKED = '#docker boxer link# ';
const SETTING = /^[ \t]*(?:export[ \t]+)?COMPOSE_FILE[ \t]*[=:]/;

/** The lines of a text, with their line endings. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/**
 * Sets COMPOSE_FILE in the text of an env file, touching no other line: lines that set it are parked as
 * comments.
 * @param text undefined: there is no file
 */
export function linkEnv(text: string | undefined, value: string): string {
  const eol = text?.includes('\r\n') ? '\r\n' : '\n';
  const parked = linesOf(text ?? '')
    .map((line) => (SETTING.test(line) ? PARKED + line : line))
    .join('');
  const joined = parked !== '' && !parked.endsWith('\n');
  const origin = text === undefined ? 'new' : joined ? 'joined' : 'added';
  return `${parked}${joined ? eol : ''}${marker(origin)}${eol}COMPOSE_FILE=${quoted(value)}${eol}`;
}

/** Removes the link line. `text` is the text before `link`, undefined if there was no file. */
export function unlinkEnv(text: string): { text: string | undefined; linked: boolean } {
  const kept: string[] = [];
  let origin: Origin | undefined;
  const lines = linesOf(text);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, found] = MARKER.exec(line) ?? [];
    if (found !== undefined) {
      origin = found === 'new' ? 'new' : found === 'joined' ? 'joined' : 'added';
      if (SETTING.test(lines[at + 1] ?? '')) at += 1;
      if (origin === 'joined') {
        const eol = line.endsWith('\r\n') ? 2 : 1;
        kept.push((kept.pop() ?? '').slice(0, -eol));
      }
    } else kept.push(line.startsWith(PARKED) ? line.slice(PARKED.length) : line);
  }
  const rest = kept.join('');
  return { text: origin === 'new' && rest === '' ? undefined : rest, linked: origin !== undefined };
}

/** Single quotes keep `$`, `#` and blanks of a path as they are. */
const quoted = (value: string) => (/^[\w./:;@%+,=\\-]*$/.test(value) ? value : `'${value}'`);
