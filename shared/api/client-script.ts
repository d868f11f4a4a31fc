import { z } from 'zod';
import {
  type ScriptAction,
  scriptActions,
  scriptFile,
  scriptUrl,
  type UncheckedScriptCommand,
} from '../appliance/client-script/index.ts';
import { slug } from '../settings/names.ts';
import { recordedHost, type Site } from '../settings/site.ts';
import { siteNamed } from './at-site.ts';
import { camelCase } from './commands.ts';
import { type Operation, operation } from './operation.ts';

const params = z.object({ id: slug.meta({ description: 'Id of the site.' }) });

const siteName = z
  .string()
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/,
    'letters, digits, hyphens and points only, at most 64',
  )
  .optional()
  .meta({
    description:
      "Company Site Name: consoles of the site open files with the extension `brcs-SITENAME`. Default: the first label of the site's host name.",
  });
const fileName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}$/, 'letters, digits, hyphens and underscores only, at most 100')
  .optional()
  .meta({ description: 'Name of the file without its extension. Default `script`.' });

const fileSchema = z.object({
  fileName: z.string().meta({ description: 'NAME.brcs-SITENAME' }),
  content: z.string().meta({
    description: 'The file, to be saved as it is. A password stands in it as plain text.',
  }),
});

const secrecy =
  'A password that is given stands in the answer as plain text, as the API guide has it; it is neither logged nor kept.';

const scriptOperation = (action: ScriptAction): Operation =>
  operation({
    id: `script${camelCase(action.name)}`,
    method: 'post',
    path: `/sites/{id}/client-script/${action.name}`,
    summary: `${action.title}: URL and script file for the console`,
    description: `Nothing is sent: whoever opens the URL, or the file, does it in the console. ${secrecy}${action.source === 'unverified' ? ' Its form is inferred: no public source shows it whole.' : ''}`,
    tag: 'Console scripts',
    role: 'Operator',
    // The answer may hold a password: it must not be kept for a repeat. Nothing is changed.
    audit: 'none',
    idempotent: false,
    params,
    query: z.strictObject({
      client: z.enum(['rep', 'web_console']).default('rep').meta({
        description:
          '`rep`: the URL answers with a script file for the console. `web_console`: the web console does it at once.',
      }),
      siteName,
      fileName,
    }),
    body: action.parameters,
    bodyOptional: action.parameters.safeParse({}).success,
    answers: {
      200: {
        description: 'The URL and the file',
        schema: fileSchema.extend({
          url: z.string().meta({ description: 'Of the client scripting API of the appliance, encoded.' }),
        }),
      },
    },
    async handle({ context, services, params: { id }, query, body }) {
      const site = await siteNamed(services, id);
      const command = { action: action.name, parameters: body };
      const url = scriptUrl({ host: site.host, ...productOf(site), client: query.client }, command);
      const file = fileOf(site, [command], query);
      return noStore(context.json({ url: url.reveal(), ...file }));
    },
  });

const commandSchema = z.discriminatedUnion(
  'action',
  Object.values<ScriptAction>(scriptActions).map(({ name, title, parameters }) =>
    z.strictObject({ action: z.literal(name).meta({ title }), parameters: parameters.optional() }),
  ) as unknown as [z.ZodObject<{ action: z.ZodLiteral<string>; parameters: z.ZodOptional<z.ZodType> }>],
);

/** One operation for each script action, and one for a file of several. */
export const clientScriptOperations: readonly Operation[] = [
  ...Object.values<ScriptAction>(scriptActions).map(scriptOperation),
  operation({
    id: 'makeScriptFile',
    method: 'post',
    path: '/sites/{id}/client-script',
    summary: 'A script file for the console, of up to ten commands',
    description: `A log-in and the removal of the file are added and count. ${secrecy}`,
    tag: 'Console scripts',
    role: 'Operator',
    audit: 'none',
    idempotent: false,
    params,
    body: z.strictObject({
      commands: z.array(commandSchema).min(1).max(10).meta({ description: 'Done one after the other.' }),
      siteName,
      fileName,
      addLogin: z.boolean().default(true).meta({ description: 'Begins with a log-in where there is none.' }),
      addDelete: z.boolean().default(true).meta({ description: 'Ends with the console removing the file.' }),
    }),
    answers: { 200: { description: 'The file', schema: fileSchema } },
    async handle({ context, services, params: { id }, body }) {
      const site = await siteNamed(services, id);
      const { commands, ...options } = body;
      const given = commands.map(({ action, parameters = {} }) => ({ action, parameters }));
      return noStore(context.json(fileOf(site, given, options)));
    },
  }),
];

interface FileWishes {
  readonly siteName?: string | undefined;
  readonly fileName?: string | undefined;
  readonly addLogin?: boolean;
  readonly addDelete?: boolean;
}

function fileOf(site: Site, given: readonly UncheckedScriptCommand[], wishes: FileWishes) {
  const { siteName: named, fileName: name, ...more } = wishes;
  const [label = 'site'] = recordedHost(site).split('.', 1);
  const file = scriptFile(
    {
      site: named ?? label,
      ...(name === undefined ? {} : { name }),
      ...productOf(site),
      ...(more.addLogin === undefined ? {} : { addLogin: more.addLogin }),
      ...(more.addDelete === undefined ? {} : { addDelete: more.addDelete }),
    },
    given,
  );
  return { fileName: file.fileName, content: file.content.reveal() };
}

const productOf = ({ product }: Site) => (product === undefined ? {} : { product });

function noStore(answer: Response): Response {
  answer.headers.set('cache-control', 'no-store');
  return answer;
}
