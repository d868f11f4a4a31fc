import { type Command, type Terminal, UsageError } from './command.ts';

/** One of the words after a command's name. */
export interface Subcommand {
  readonly verb: string;
  readonly summary: string;
  /** Without the head that names it. Made when it is asked for. */
  readonly usage: () => string;
  readonly operations: readonly string[];
  /** Words that follow, for the head. */
  readonly words?: string;
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/**
 * A command of several: `runs list`, `runs show` …
 * @param otherwise what the command does without such a word
 */
export function commandOf(
  name: string,
  summary: string,
  subcommands: readonly Subcommand[],
  otherwise?: Subcommand,
): Command {
  const all = [...(otherwise ? [otherwise] : []), ...subcommands];
  const chosen = (verb: string | undefined) =>
    subcommands.find((one) => one.verb === verb?.replaceAll('-', '_')) ??
    subcommands.find((one) => one.verb === verb) ??
    (verb === undefined || verb.startsWith('-') ? otherwise : undefined);
  return {
    name,
    summary,
    operations: all.flatMap(({ operations }) => operations),
    usage([verb] = []) {
      const found = chosen(verb);
      if (found && verb !== undefined) return head(`${name} ${found.verb}`.trimEnd(), found);
      const alone = otherwise ? `\n${head(name, otherwise)}` : '';
      const calls = all.map(({ verb: own, words }) => [name, own, words].filter(Boolean).join(' '));
      const pad = Math.max(...calls.map(({ length }) => length)) + 2;
      const lines = all.map(({ summary: line }, at) => `  ${calls[at]?.padEnd(pad)}${line}`);
      return `npm run cli -- ${name} …\n\n${lines.join('\n')}\n\nnpm run cli -- ${name} ${subcommands[0]?.verb} --help lists the options of one.\n${alone}`;
    },
    run([verb, ...args], terminal) {
      const found = chosen(verb);
      if (found && found === otherwise)
        return found.run(verb === undefined ? args : [verb, ...args], terminal);
      if (found) return found.run(args, terminal);
      const verbs = subcommands.map((one) => one.verb).join(', ');
      throw new UsageError(`${name}: give one of ${verbs}; --help lists them.`);
    },
  };
}

/** A command that has no others. */
export function commandAlone(subcommand: Subcommand): Command {
  const { verb, summary, operations } = subcommand;
  return {
    name: verb,
    summary,
    operations,
    usage: () => head(verb, subcommand),
    run: (args, terminal) => subcommand.run(args, terminal),
  };
}

function head(name: string, { words, summary, usage }: Subcommand): string {
  return `npm run cli -- ${[name, words].filter(Boolean).join(' ')} [options]\n\n${summary[0]?.toUpperCase()}${summary.slice(1)}.\n\n${usage()}`;
}
