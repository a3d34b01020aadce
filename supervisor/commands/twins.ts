import { twinsCommand } from '../twins/twins-command.ts';
import { runCommand } from './run-command.ts';

/** `boxer twins`: makes and deletes functions, as standard input says. */
void runCommand(() => twinsCommand());
