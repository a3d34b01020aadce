// Writes docs/protocol.md, which a test compares with the messages in supervisor/protocol/.
import { writeFileSync } from 'node:fs';
import { protocolPage } from '../supervisor/protocol/page.ts';

writeFileSync(new URL('../docs/protocol.md', import.meta.url), protocolPage());
