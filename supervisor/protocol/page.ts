import { type AnyMessage, CONVERSATIONS, type Conversation, MESSAGES } from './messages.ts';

/** Maximum line length in characters. */
const WIDTH = 120;

const HEAD = `# The protocol

<!-- script/protocol-docs.mjs makes this page of supervisor/protocol/: change the messages, not this page. -->

This page lists every message of [the control network](control-network.md), whose page describes frames, keys
and addresses. A message with \`->\` is a request, and its reply follows the arrow. All others are
notifications, which nobody answers. A body is JSON unless the entry says bytes. Unknown fields are ignored.

- A malformed request is answered with EINVAL and the name of the field.
- A malformed notification ends the connection.
- A request that the receiver does not handle is answered with ENOSYS.

`;

/** Returns the text of `docs/protocol.md`. */
export function protocolPage(): string {
  return HEAD + overview() + CONVERSATIONS.map(section).join('');
}

function overview(): string {
  const rows = MESSAGES.toSorted((a, b) => a.number - b.number).map(
    ({ number, name, from }) => `| ${number} | ${name} | ${from} |\n`,
  );
  return `| type | name | from |\n| --: | --- | --- |\n${rows.join('')}`;
}

function section({ title, file, messages }: Conversation): string {
  return `\n## ${title}\n\nDeclared in \`supervisor/protocol/${file}\`.\n${messages.map(entry).join('')}`;
}

function entry({ number, name, from, body, about }: AnyMessage): string {
  const shape = wrapped(body.replace(' -> ', ' \n-> '), WIDTH - 4)
    .map((line) => `    ${line}\n`)
    .join('');
  return `\n### ${name} (${number}), from ${from}\n\n${shape}\n${wrapped(about, WIDTH).join('\n')}\n`;
}

/** Breaks `text` between words into lines of at most `width` characters. */
function wrapped(text: string, width: number): string[] {
  return text.split(' \n').flatMap((paragraph) => {
    const lines = [''];
    for (const word of paragraph.split(' ')) {
      const line = lines.at(-1) ?? '';
      const longer = line === '' ? word : `${line} ${word}`;
      if (longer.length <= width || line === '') lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  });
}
