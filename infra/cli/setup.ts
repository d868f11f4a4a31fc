import type { Settings } from '../../shared/settings/settings.ts';
import { connect } from './api-client.ts';
import { CliError, type Command, exitCodes } from './command.ts';
import { instanceOptions, instanceUsage } from './instance.ts';
import { Questionnaire } from './questionnaire.ts';
import { readArgs } from './read-args.ts';
import { answerKeys, givenAnswers } from './setup-answers.ts';
import type { SetupContext } from './setup-context.ts';
import { setUpDestination } from './setup-destination.ts';
import { loadSecrets, loadSettings, saveAtOnce } from './setup-save.ts';
import { setUpSchedule } from './setup-schedule.ts';
import { setUpSite, withItem } from './setup-site.ts';

const usage = `npm run cli -- setup [options]

Sets up a site, a destination and a schedule, asking for what no option says. Credentials and destination are tested
before anything is saved; everything is saved at once, at the end. May be run again: what has the same id is changed.
The instance has to run, at first with npm start -- --no-demo.

Site:         --host HOST --client-id ID [--account oauth|legacy --username NAME] [--site-id ID] [--site-name NAME]
              [--host-name HOST] [--certificate-authority FILE]
Destination:  --storage folder --directory DIR | blob --account-url URL --container NAME [--prefix DIR] |
              share --account-url URL --share NAME [--prefix DIR] | sqlite --database-file FILE | mssql
              [--destination-id ID] [--destination-name NAME]
Schedule:     [--data-types TYPE,TYPE] [--every MINUTES] [--days-back DAYS] [--schedule-id ID] [--schedule-name NAME]

  --answers FILE         all of these as a JSON object, without the hyphens in front; options go over it
  --yes                  asks nothing: what is missing is an error, and a test that fails ends it
  --secret-file FILE     the secret of the API account (or INTEGRATION_CLIENT_SITE_SECRET); else it is asked for
  --connection-string-file FILE
                         the same for mssql (or INTEGRATION_CLIENT_CONNECTION_STRING)

${instanceUsage}
Role: Administrator.
${exitCodes}
`;

const options = {
  ...instanceOptions,
  ...Object.fromEntries(answerKeys.map((key) => [key, { type: 'string' as const }])),
  answers: { type: 'string' },
  yes: { type: 'boolean' },
  'secret-file': { type: 'string' },
  'connection-string-file': { type: 'string' },
} as const;

/** IC guide, first run: settings store → site → destination → schedule. */
export const setupCommand: Command = {
  name: 'setup',
  summary: 'guided set-up: site, destination and schedule, tested and saved at once',
  usage,
  operations: [
    'getSettings',
    'listSecrets',
    'testSiteDraft',
    'testDestinationDraft',
    'putSecret',
    'putSettings',
    'importSettings',
  ],
  async run(args, terminal) {
    const given = readArgs(args, options);
    const answers = await givenAnswers(given as Record<string, unknown>, terminal);
    const client = connect(given, terminal);
    const settings = await loadSettings(client);
    const { writable, secrets } = await loadSecrets(client);
    terminal.say(
      settings.sites.length === 0
        ? `The settings store of ${client.instance.address} is there and has no site yet.`
        : `The settings store of ${client.instance.address} has ${settings.sites.length} sites, ${settings.destinations.length} destinations and ${settings.schedules.length} schedules.`,
    );
    const questions = new Questionnaire(answers, terminal, given.yes === true || terminal.ask === undefined);
    const context: SetupContext = { client, questions, terminal, settings, secrets };
    const site = await setUpSite(context);
    const destination = await setUpDestination(context);
    const schedule = await setUpSchedule(context, site, destination.destination);
    const changed = (before: Settings) =>
      withItem(
        withItem(withItem(before, 'sites', site.site), 'destinations', destination.destination),
        'schedules',
        schedule,
      );
    const secretValues: Record<string, string> = {
      ...destination.secrets,
      ...(site.secret === undefined ? {} : { [site.site.account.secret]: site.secret }),
    };
    if (
      !(await questions.confirm(
        'save',
        `Save site ${site.site.id}, destination ${destination.destination.id} and schedule ${schedule.id}`,
        true,
      ))
    )
      throw new CliError(1, 'Nothing was saved.');
    await saveAtOnce(client, changed, writable ? secretValues : {});
    for (const name of writable ? [] : Object.keys(secretValues))
      terminal.say(
        `This instance cannot store secrets: set SECRET_${name.toUpperCase().replaceAll('-', '_')} where it runs, or give it a Key Vault.`,
      );
    terminal.out(`Saved. The schedule runs by itself; schedules run ${schedule.id} --wait runs it now.\n`);
    return 0;
  },
};
