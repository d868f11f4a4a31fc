import { Failure } from '../../errors.ts';
import type { Product } from '../appliance.ts';
import { encodeCommand, type ScriptCommand, type UncheckedScriptCommand } from './script-command.ts';
import { SecretText } from './secret-text.ts';

const HEADER = 'BRCS1.0';
/** API guide. Those that are added count. */
const MOST_COMMANDS = 10;

export interface ScriptFileOptions {
  /** "Company Site Name": what consoles of the site are bound to by the file's extension. */
  readonly site: string;
  /** Name of the file without its extension. Default `script`. */
  readonly name?: string;
  readonly product?: Product;
  /** Begins with a log-in where there is none, as files from the appliance do. Default true. */
  readonly addLogin?: boolean;
  /** Ends with the console removing the file, as files from the appliance do. Default true. */
  readonly addDelete?: boolean;
}

export interface ScriptFile {
  /** `NAME.brcs-SITE` */
  readonly fileName: string;
  /** Shows itself without a password. */
  readonly content: SecretText;
}

/**
 * A console script of at most ten commands, a line each. Throws terminal `bad-parameter`, and what encodeCommand throws.
 */
export function scriptFile(
  { site, name = 'script', product, addLogin = true, addDelete = true }: ScriptFileOptions,
  commands: readonly (ScriptCommand | UncheckedScriptCommand)[],
): ScriptFile {
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/.test(site))
    throw bad('the site name has letters, digits, hyphens and points only');
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(name))
    throw bad('the file name has letters, digits, hyphens and underscores only');
  if (commands.length === 0) throw bad('give at least one command');
  const encoded = commands.map((command) => encodeCommand(command, product));
  const bare = (action: string) => ({ whole: `action=${action}`, shown: `action=${action}` });
  const lines = [
    ...(addLogin && encoded[0]?.action !== 'login' ? [bare('login')] : []),
    ...encoded,
    ...(addDelete ? [bare('delete_script_file')] : []),
  ];
  if (lines.length > MOST_COMMANDS)
    throw bad(
      `it has ${lines.length} commands, log-in and removal included; at most ${MOST_COMMANDS} are allowed`,
    );
  const file = (form: 'whole' | 'shown') => `${[HEADER, ...lines.map((line) => line[form])].join('\n')}\n`;
  return { fileName: `${name}.brcs-${site}`, content: new SecretText(file('whole'), file('shown')) };
}

function bad(why: string): Failure {
  return new Failure('terminal', 'bad-parameter', `The script cannot be made: ${why}.`);
}
