import { type Terminal, UsageError } from './command.ts';

/** A value that is not shown while it is typed, or a line that is piped in. */
export async function askSecret(name: string, terminal: Terminal): Promise<string> {
  const value = await terminal.ask?.(`${name}: `, { hidden: true });
  if (!value) throw new UsageError(`${name}: no value was given.`);
  return value;
}
