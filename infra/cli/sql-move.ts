import { audited } from '../../shared/access/audit-log.ts';
import { type MoveResult, moveDatabase } from '../../shared/destinations/sql/move-database.ts';
import type { Services } from '../../shared/services.ts';
import { moveDestination } from '../../shared/settings/move-destination.ts';
import { personHere } from '../local/person-here.ts';
import { type Terminal, UsageError } from './command.ts';
import { installationOptions, openServices } from './open-services.ts';
import { readArgs } from './read-args.ts';
import { type NamedDatabase, openNamed } from './sql-database.ts';

export async function runMove(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = readArgs(args, {
    ...installationOptions,
    from: { type: 'string' },
    to: { type: 'string' },
    'take-over': { type: 'boolean', default: false },
  });
  const { from, to } = options;
  if (from === undefined || to === undefined) throw new UsageError('Give --from and --to.');
  if (from === to) throw new UsageError('--from and --to are the same database.');
  const services = await openServices(options);
  const opened: NamedDatabase[] = [];
  try {
    for (const [option, text] of [
      ['--from', from],
      ['--to', to],
    ] as const)
      opened.push(await openNamed(services, option, text));
    const [source, target] = opened;
    if (source === undefined || target === undefined) throw new Error('a database was not opened');
    if (options['take-over'] && source.destination === undefined)
      throw new UsageError('--take-over: --from must be the id of a destination.');
    const result = await moveDatabase(source.database, target.database, {
      source: source.name,
      onProgress: (table, rows) => terminal.progress(`${table}: ${rows} rows`),
    });
    show(result, terminal);
    if (result.complete && options['take-over']) await takeOver(services, source, target, terminal);
    return result.complete ? 0 : 1;
  } finally {
    for (const { database } of opened) await database.close();
    await services.close();
  }
}

function show({ tables, changed, complete }: MoveResult, { out, say }: Terminal): void {
  for (const { table, from, to } of tables)
    out(`${table}: ${from} rows, ${to} in the new database${from === to ? '' : ': NOT EQUAL'}\n`);
  for (const column of changed) say(`${column}: some values do not fit the new database and were cut.`);
  say(
    complete
      ? 'Everything is in the new database as it was.'
      : 'The databases are not equal: was something written meanwhile?',
  );
}

/** What goes into the database stays as it was set; where it is changes. */
async function takeOver(
  services: Services,
  source: NamedDatabase,
  target: NamedDatabase,
  { say }: Terminal,
): Promise<void> {
  const { destination } = source;
  if (destination === undefined) return;
  const { storeSystemInformation, storeCapabilityUrls } = source.settings;
  const settings = { ...target.settings, storeSystemInformation, storeCapabilityUrls };
  const { id } = destination;
  const asked = { principal: personHere(), operation: 'sqlMoveTakeOver', kind: 'change' } as const;
  await audited(services, { ...asked, target: { destination: id } }, async (note) => {
    await moveDestination(services.state, id, settings, 'sql move');
    note({ changes: [`destinations[${id}].settings`] });
  });
  say(`The destination "${destination.name}" has its data in the new database from now on.`);
}
