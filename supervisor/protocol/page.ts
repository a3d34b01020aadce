import { type AnyMessage, CONVERSATIONS, type Conversation, MESSAGES } from './messages.ts';

/** Maximum line length in characters. */
const WIDTH = 120;

const HEAD = `# The protocol

<!-- Made by script/protocol-docs.mjs from supervisor/protocol/: change the messages there, not this page. -->

Every message of [the control network](control-network.md), whose page describes frames, keys and procedures.
A message with \`->\` is a request, and what follows the arrow is its reply; all others are notifications,
which nobody answers. A body is JSON unless it says bytes. Unknown fields are ignored. A malformed request is
answered with EINVAL, which names the field; a malformed notification ends the connection; a request that
nobody handles is answered with ENOSYS.

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
