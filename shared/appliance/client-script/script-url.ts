import { Failure } from '../../errors.ts';
import type { Product } from '../appliance.ts';
import { parseHost } from '../host.ts';
import { encodeCommand, type ScriptCommand, type UncheckedScriptCommand } from './script-command.ts';
import { SecretText } from './secret-text.ts';

export interface ScriptUrlOptions {
  /** Host of the site, as in its settings. */
  readonly host: string;
  /** Given, a command that the product does not have is refused. */
  readonly product?: Product;
  /** `rep`: the reply is a script file. `web_console`: the web console does it at once. Default `rep`. */
  readonly client?: 'rep' | 'web_console';
}

const operations = { rep: 'generate', web_console: 'execute' } as const;

/**
 * The URL of the client scripting API for one command; a URL has no more than one (API guide). A password stands in it as
 * plain text, so it shows itself without. Throws what encodeCommand and parseHost throw.
 */
export function scriptUrl(
  { host, product, client = 'rep' }: ScriptUrlOptions,
  command: ScriptCommand | UncheckedScriptCommand,
): SecretText {
  if (!Object.hasOwn(operations, client))
    throw new Failure('terminal', 'bad-parameter', 'The client of a script URL is rep or web_console.');
  const { whole, shown } = encodeCommand(command, product);
  const base = `https://${parseHost(host).authority}/api/client_script?type=${client}&operation=${operations[client]}&`;
  return new SecretText(base + whole, base + shown);
}
