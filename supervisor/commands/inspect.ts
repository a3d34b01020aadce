import { inspectCommand } from '../inspect/inspect-command.ts';
import { runCommand } from './run-command.ts';

/** `boxer inspect`: looks at the image around, as standard input asks. */
void runCommand(() => inspectCommand());
