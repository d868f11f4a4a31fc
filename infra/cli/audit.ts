import { z } from 'zod';
import { connect } from './api-client.ts';
import type { Command } from './command.ts';
import { operationSubcommand } from './operation-command.ts';
import { commonOptions, operationNamed } from './operation-shape.ts';
import { optionLine, usageEnd } from './operation-usage.ts';
import { readWords } from './read-args.ts';
import { commandOf, type Subcommand } from './subcommands.ts';

const pageSchema = z.object({
  head: z.object({ number: z.number(), hash: z.string() }).optional(),
  entries: z.number(),
  breaks: z.array(z.object({ what: z.string(), from: z.number(), to: z.number() })),
  next: z.string().optional(),
});

const verify: Subcommand = {
  verb: 'verify',
  summary: 'walks the chain of the audit log to its beginning and tells where it is broken',
  operations: ['verifyAudit'],
  usage: () =>
    [
      optionLine('--number NUMBER', 'Of a head that was noted before …'),
      optionLine('--hash SHA256', '… and its hash: nothing before it was changed since.'),
      optionLine('--json', 'What was found as JSON.'),
      '',
      'Note the head that it prints elsewhere. Exit code 1: the chain is broken.',
      '',
      usageEnd(operationNamed('verifyAudit')),
    ].join('\n'),
  async run(args, terminal) {
    const options = { ...commonOptions, number: { type: 'string' }, hash: { type: 'string' } } as const;
    const { values } = readWords(args, options, []);
    const client = connect(values, terminal);
    const known = { number: values.number, hash: values.hash };
    const breaks: z.output<typeof pageSchema>['breaks'] = [];
    let head: z.output<typeof pageSchema>['head'];
    let entries = 0;
    let next: string | undefined;
    do {
      const page = pageSchema.parse(await client.json('GET', '/audit/verify', { query: { ...known, next } }));
      head ??= page.head;
      entries += page.entries;
      breaks.push(...page.breaks);
      next = page.next;
      terminal.progress(`${entries} entries`);
    } while (next !== undefined);
    terminal.progress('');
    if (values.json) terminal.out(`${JSON.stringify({ head, entries, breaks })}\n`);
    else {
      for (const { what, from, to } of breaks) terminal.out(`${what}: entries ${from} to ${to}\n`);
      terminal.out(`${entries} entries, ${breaks.length} breaks.\n`);
      if (head) terminal.out(`Head: number ${head.number}, SHA-256 ${head.hash}\n`);
    }
    return breaks.length > 0 ? 1 : 0;
  },
};

export const auditCommand: Command = commandOf(
  'audit',
  'who changed and who downloaded what; proof that it is whole',
  [
    operationSubcommand({
      verb: 'list',
      operation: 'listAudit',
      columns: ['number', 'time', 'principal.name', 'operation', 'outcome', 'status', 'target', 'changes'],
    }),
    verify,
  ],
);
