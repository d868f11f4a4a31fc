import { examinationLines } from '../../shared/destinations/sql/examine.ts';
import { examinationScript } from '../../shared/destinations/sql/print-schema.ts';
import { type Terminal, UsageError } from './command.ts';
import { installationOptions, openServices } from './open-services.ts';
import { readArgs } from './read-args.ts';
import { openNamed } from './sql-database.ts';

export async function runExamine(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = readArgs(args, {
    ...installationOptions,
    destination: { type: 'string' },
    script: { type: 'boolean', default: false },
  });
  if (options.destination === undefined)
    throw new UsageError('--destination: give the id of a SQL destination.');
  const services = await openServices(options);
  try {
    const { database, settings } = await openNamed(services, '--destination', options.destination);
    try {
      const examination = await database.examine();
      const lines = examinationLines(examination);
      if (options.script)
        terminal.out(
          settings.kind === 'mssql'
            ? examinationScript('mssql', examination, settings.schema)
            : examinationScript('sqlite', examination),
        );
      else for (const line of lines) terminal.out(`${line}\n`);
      if (lines.length === 0) terminal.say('Nothing found: everything fits.');
      return lines.length === 0 ? 0 : 1;
    } finally {
      await database.close();
    }
  } finally {
    await services.close();
  }
}
