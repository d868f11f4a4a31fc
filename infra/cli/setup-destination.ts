import { type DestinationSetting, destinationSchema } from '../../shared/settings/destination.ts';
import { slug } from '../../shared/settings/names.ts';
import { by, type Questionnaire } from './questionnaire.ts';
import { decide, type SetupContext, trySetting } from './setup-context.ts';
import { notEmpty } from './setup-site.ts';

const kinds = ['folder', 'blob', 'share', 'sqlite', 'mssql'] as const;
type Kind = (typeof kinds)[number];

export const destinationKeys = [
  'destination-id',
  'destination-name',
  'storage',
  'directory',
  'account-url',
  'container',
  'share',
  'prefix',
  'database-file',
  'connection-string',
] as const;

export interface DestinationAnswers {
  readonly destination: DestinationSetting;
  /** Values by the names that the settings have. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Asks for a destination until something was written to it, read and removed, or somebody wants it as it is. */
export async function setUpDestination(context: SetupContext): Promise<DestinationAnswers> {
  const { questions, terminal } = context;
  for (;;) {
    const answers = await askDestination(context);
    terminal.say('Testing the destination: something is written, read and removed …');
    const body = Object.keys(answers.secrets).length > 0 ? answers : { destination: answers.destination };
    const result = await trySetting(context, '/destinations/test', body);
    if (result.ok) {
      terminal.out('The destination works.\n');
      return answers;
    }
    const message = result.failure?.message ?? 'The destination cannot be used.';
    if ((await decide(questions, `The test failed: ${message}`)) === 'keep') return answers;
    questions.forget(destinationKeys);
  }
}

async function askDestination({ questions, settings }: SetupContext): Promise<DestinationAnswers> {
  const existing = settings.destinations.map(({ id }) => id);
  if (existing.length > 0)
    questions.say(`Destinations that are there: ${existing.join(', ')}; take one by its id.`);
  const id = await questions.ask({
    key: 'destination-id',
    text: 'Short id of the destination',
    fallback: existing[0] ?? 'files',
    read: by(slug),
  });
  const before = settings.destinations.find((destination) => destination.id === id);
  if (before && !questions.isGiven(destinationKeys.slice(1))) return { destination: before, secrets: {} };
  const name = await questions.ask({
    key: 'destination-name',
    text: 'Destination Name',
    fallback: before?.name ?? id,
    read: by(destinationSchema.shape.name),
  });
  const kind = await questions.choose('storage', 'Where to', kinds, 'folder');
  const { settings: place, secrets } = await askPlace(questions, kind, id);
  const isSql = kind === 'sqlite' || kind === 'mssql';
  return {
    destination: { id, name, plugin: isSql ? 'sql' : 'file', settings: place },
    secrets,
  };
}

async function askPlace(
  questions: Questionnaire,
  kind: Kind,
  id: string,
): Promise<{ settings: object; secrets: Record<string, string> }> {
  const ask = (key: string, text: string, fallback?: string) =>
    questions.ask({ key, text, fallback, read: fallback === undefined ? notEmpty : (answer) => answer });
  if (kind === 'folder')
    return {
      settings: {
        kind,
        directory: await ask('directory', 'Destination Directory, a folder where the instance runs'),
      },
      secrets: {},
    };
  if (kind === 'sqlite')
    return { settings: { kind, path: await ask('database-file', 'Database file') }, secrets: {} };
  if (kind === 'mssql') {
    const text = await questions.ask({
      key: 'connection-string',
      text: 'Connection String',
      isHidden: true,
      read: notEmpty,
    });
    // What logs in by itself is a setting; a password is none.
    if (!/(^|;)\s*(password|pwd)\s*=/i.test(text))
      return { settings: { kind, connectionString: text }, secrets: {} };
    const connectionSecret = `${id}-connection`;
    return { settings: { kind, connectionSecret }, secrets: { [connectionSecret]: text } };
  }
  const service = kind === 'blob' ? 'blob' : 'file';
  const url = await ask('account-url', `Storage account, https://NAME.${service}.core.windows.net`);
  const place =
    kind === 'blob'
      ? { container: await ask('container', 'Container') }
      : { share: await ask('share', 'Share') };
  return {
    settings: { kind, url, ...place, prefix: await ask('prefix', 'Folder in it (may be empty)', '') },
    secrets: {},
  };
}
