import { slug } from '../../shared/settings/names.ts';
import type { Settings } from '../../shared/settings/settings.ts';
import { type Site, siteSchema } from '../../shared/settings/site.ts';
import { UsageError } from './command.ts';
import { textFile } from './option-values.ts';
import { by } from './questionnaire.ts';
import { decide, type SetupContext, trySetting } from './setup-context.ts';
import { trialText } from './trial.ts';

export interface SiteAnswers {
  readonly site: Site;
  /** Undefined: the one that is stored. */
  readonly secret: string | undefined;
}

export const siteKeys = [
  'host',
  'site-name',
  'site-id',
  'host-name',
  'account',
  'client-id',
  'username',
  'secret',
  'certificate-authority',
] as const;

/** Asks for a site until its credentials have been tested, or somebody wants it as it is. */
export async function setUpSite(context: SetupContext): Promise<SiteAnswers> {
  const { questions, terminal, settings } = context;
  for (;;) {
    const answers = await askSite(context);
    terminal.say(`Testing the API account at ${answers.site.host} …`);
    const { site, secret } = answers;
    const result = await trySetting(context, '/sites/test', {
      site,
      ...(secret === undefined ? {} : { secret }),
    });
    if (result.failure === undefined) {
      terminal.out(trialText(result, terminal));
      const { product } = result;
      return product === 'RS' || product === 'PRA' ? { site: { ...site, product }, secret } : answers;
    }
    const way = await decide(questions, `The test failed: ${result.failure.message}`);
    if (way === 'keep') return answers;
    questions.forget(siteKeys);
    if (settings.sites.length > 0) terminal.say('Empty answers take what is in brackets.');
  }
}

async function askSite({ questions, settings, secrets }: SetupContext): Promise<SiteAnswers> {
  const { shape } = siteSchema;
  const host = await questions.ask({ key: 'host', text: 'Host of the site', read: by(shape.host) });
  const id = await questions.ask({
    key: 'site-id',
    text: 'Short id of the site',
    fallback: idOf(host),
    read: by(slug),
  });
  const before = settings.sites.find((site) => site.id === id);
  const name = await questions.ask({
    key: 'site-name',
    text: 'Name of the site',
    fallback: before?.name ?? host,
    read: by(shape.name),
  });
  const hostName = await questions.ask({
    key: 'host-name',
    text: 'Recorded host name, where it is not the host (empty: the host)',
    fallback: before?.hostName ?? '',
    read: (answer) => (answer === '' ? undefined : by(shape.hostName)(answer)),
  });
  const kind = await questions.choose(
    'account',
    'Kind of API account',
    ['oauth', 'legacy'],
    before?.account.kind ?? 'oauth',
  );
  const known = before?.account.kind === kind ? before.account : undefined;
  const user = await questions.ask({
    key: kind === 'oauth' ? 'client-id' : 'username',
    text: kind === 'oauth' ? 'OAuth client id' : 'User name of the API account',
    fallback: known === undefined ? undefined : known.kind === 'oauth' ? known.clientId : known.username,
    read: notEmpty,
  });
  const isSet = known !== undefined && secrets.get(known.secret) === 'set';
  const secret = await questions.ask({
    key: 'secret',
    text: `${kind === 'oauth' ? 'OAuth client secret' : 'Password'}${isSet ? ' (empty: the one that is stored)' : ''}`,
    isHidden: true,
    ...(isSet ? { fallback: '' } : {}),
    read: (answer) => (answer === '' && isSet ? undefined : notEmpty(answer)),
  });
  // A new value is a new version: a version that the settings name would still be the old one.
  const secretName =
    secret === undefined ? (known?.secret ?? '') : (known?.secret.replace(/\/.*/, '') ?? `${id}-api`);
  const authority = await questions.ask({
    key: 'certificate-authority',
    text: 'File with the certificate authority of the appliance, PEM (empty: a public one)',
    fallback: '',
    read: (path) =>
      path === '' ? before?.certificateAuthority : by(shape.certificateAuthority)(textFile('', path)),
  });
  const account =
    kind === 'oauth'
      ? { kind, clientId: user, secret: secretName }
      : { kind, username: user, secret: secretName };
  return {
    site: siteSchema.parse({
      ...before,
      id,
      name,
      host,
      account,
      ...(hostName === undefined ? {} : { hostName }),
      ...(authority === undefined ? {} : { certificateAuthority: authority }),
    }),
    secret,
  };
}

export function notEmpty(answer: string): string {
  if (answer === '') throw new UsageError('give an answer.');
  return answer;
}

/** The first label of the host, as an id. */
export function idOf(text: string): string {
  const [label = ''] = text.toLowerCase().split('.', 1);
  return (
    label
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, 40)
      .replaceAll(/^-+|-+$/g, '') || 'site'
  );
}

export function withItem<L extends 'sites' | 'destinations' | 'schedules'>(
  settings: Settings,
  list: L,
  item: Settings[L][number],
): Settings {
  const items: readonly { id: string }[] = settings[list];
  const at = items.findIndex(({ id }) => id === item.id);
  return { ...settings, [list]: items.toSpliced(at === -1 ? items.length : at, at === -1 ? 0 : 1, item) };
}
