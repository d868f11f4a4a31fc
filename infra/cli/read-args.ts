import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { UsageError } from './command.ts';

/** The options of a command, no others and nothing beside them. */
export function readArgs<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  return reading(() => parseArgs({ args: [...args], strict: true, allowPositionals: false, options })).values;
}

/** The same with words beside the options: just as many as have names. */
export function readWords<T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
  names: readonly string[],
) {
  const { values, positionals } = reading(() =>
    parseArgs({ args: [...args], strict: true, allowPositionals: true, allowNegative: true, options }),
  );
  const missing = names[positionals.length];
  if (missing !== undefined) throw new UsageError(`Give ${missing}; --help lists the options.`);
  if (positionals.length > names.length)
    throw new UsageError(`"${positionals[names.length]}" is one word too many; --help lists the options.`);
  return { values, words: positionals };
}

/** The same with any number of files, one at least. */
export function readFiles<T extends ParseArgsOptionsConfig>(args: readonly string[], options: T) {
  const { values, positionals: words } = reading(() =>
    parseArgs({ args: [...args], strict: true, allowPositionals: true, options }),
  );
  if (words.length === 0) throw new UsageError('Give FILE; --help lists the options.');
  return { values, words };
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const [told = ''] = (error as Error).message.split(/\.? (?=To |This )|\n/, 1);
    throw new UsageError(`${told}; --help lists the options.`);
  }
}
