import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { UsageError } from './command.ts';

/** The options of a command, no others and nothing beside them. */
export function readArgs<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], strict: true, allowPositionals: false, options }).values;
  } catch (error) {
    const [told = ''] = (error as Error).message.split(/\.? (?=To |This )|\n/, 1);
    throw new UsageError(`${told}; --help lists the options.`);
  }
}
