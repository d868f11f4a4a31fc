import type { Context } from 'hono';
import { z } from 'zod';
import { Failure } from '../errors.ts';
import type { Settings } from '../settings/settings.ts';
import { loadSettings } from '../settings/settings-store.ts';
import { authorOf } from './caller.ts';
import type { ApiEnvironment } from './environment.ts';
import { etagHeader, expectedEtag, sendEtag } from './etag.ts';
import { type Operation, operation } from './operation.ts';
import { badField, notFound, withoutPrefix } from './problem.ts';
import { saveAsked } from './settings.ts';

type Asked = Context<ApiEnvironment>;

/** One of the lists of the settings, whose items have ids. */
export interface SettingsPart<L extends 'sites' | 'destinations' | 'schedules'> {
  readonly list: L;
  /** As it is called in ids of operations: `Site`. */
  readonly name: string;
  readonly schema: z.ZodType<Settings[L][number]>;
  readonly tag: string;
  /** Below the item's address, where that shows something else. */
  readonly readAt?: string;
}

/** All items of one list of the settings. */
export function listOperation<L extends 'sites' | 'destinations'>({
  list,
  name,
  schema,
  tag,
}: SettingsPart<L>): Operation {
  return operation({
    id: `list${name}s`,
    method: 'get',
    path: `/${list}`,
    summary: `All ${list}; an installation has 200 at most`,
    tag,
    role: 'Reader',
    answers: {
      200: {
        description: `The ${list}`,
        schema: z.object({ [list]: z.array(schema) }),
        headers: etagHeader,
      },
    },
    async handle({ context, services }) {
      const { settings, etag } = await loadSettings(services.state);
      sendEtag(context, etag);
      return context.json({ [list]: settings[list] });
    },
  });
}

/**
 * Reading, making, replacing and removing one item of the settings, under the settings' ETag. The whole document is
 * checked and saved each time, so that no item stands in it that contradicts another.
 */
export function partOperations<L extends 'sites' | 'destinations' | 'schedules'>(
  part: SettingsPart<L>,
): readonly Operation[] {
  const { list, name, schema, tag } = part;
  const word = name.toLowerCase();
  const params = z.object({ id: z.string().meta({ description: `Id of the ${word}.` }) });
  const answer = { description: `The ${word} as it is saved`, schema, headers: etagHeader };
  const made = {
    ...answer,
    headers: { ...etagHeader, Location: `Where the ${word} is.` },
  };
  return [
    operation({
      id: `get${name}${part.readAt ? 'Settings' : ''}`,
      method: 'get',
      path: `/${list}/{id}${part.readAt ?? ''}`,
      summary: `The settings of a ${word}`,
      tag,
      role: 'Reader',
      params,
      answers: { 200: answer },
      async handle({ context, services, params: { id } }) {
        const { settings, etag } = await loadSettings(services.state);
        const found = itemOf(settings, part, id);
        sendEtag(context, etag);
        return context.json(found);
      },
    }),
    operation({
      id: `add${name}`,
      method: 'post',
      path: `/${list}`,
      summary: `Adds a ${word}`,
      tag,
      role: 'Administrator',
      etag: 'required',
      body: schema,
      answers: { 201: made },
      handle: ({ context, body }) => put(context, part, body, true),
    }),
    operation({
      id: `put${name}`,
      method: 'put',
      path: `/${list}/{id}`,
      summary: `Replaces a ${word}, or adds it`,
      description: '`If-None-Match: *` adds it, and replaces none.',
      tag,
      role: 'Administrator',
      etag: 'required',
      params,
      body: schema,
      answers: { 200: answer, 201: made },
      handle({ context, params: { id }, body }) {
        if (body.id !== id) throw badField('id', 'is not the one of the address; an id is permanent');
        return put(context, part, body, false);
      },
    }),
    operation({
      id: `delete${name}`,
      method: 'delete',
      path: `/${list}/{id}`,
      summary: `Removes a ${word} from the settings; what was stored stays`,
      tag,
      role: 'Administrator',
      etag: 'required',
      params,
      answers: { 204: { description: 'Removed', headers: etagHeader } },
      async handle({ context, services, params: { id } }) {
        const { etag: expected } = expectedEtag(context);
        const { settings, etag } = await loadSettings(services.state);
        itemOf(settings, part, id);
        if (expected !== etag) throw changed();
        const rest = (settings[list] as readonly { id: string }[]).filter((item) => item.id !== id);
        await saveAsked(context, { ...settings, [list]: rest }, expectedOf(etag), authorOf(context, 'saved'));
        return context.body(null, 204);
      },
    }),
  ];
}

async function put<L extends 'sites' | 'destinations' | 'schedules'>(
  context: Asked,
  { list, name }: SettingsPart<L>,
  item: Settings[L][number],
  adding: boolean,
): Promise<Response> {
  const { etag: expected } = expectedEtag(context);
  const { settings, etag } = await loadSettings(context.env.services.state);
  const items: readonly { id: string }[] = settings[list];
  const at = items.findIndex(({ id }) => id === item.id);
  // Without an ETag: where there is none yet.
  if (expected === undefined ? at !== -1 : expected !== etag) throw changed();
  if (adding && at !== -1)
    throw new Failure('terminal', 'id-taken', `There is a ${name.toLowerCase()} "${item.id}" already.`);
  const place = at === -1 ? items.length : at;
  const next = { ...settings, [list]: items.toSpliced(place, 1, item) };
  const stored = await withoutPrefix(`${list}[${place}].`, () =>
    saveAsked(context, next, expectedOf(etag), authorOf(context, 'saved')),
  );
  const saved = stored.settings[list][place];
  if (at !== -1) return context.json(saved);
  return context.json(saved, 201, { Location: `/api/${list}/${item.id}` });
}

function itemOf<L extends 'sites' | 'destinations' | 'schedules'>(
  settings: Settings,
  { list, name }: SettingsPart<L>,
  id: string,
): Settings[L][number] {
  const items: readonly Settings[L][number][] = settings[list];
  const found = items.find((item) => item.id === id);
  if (!found) throw notFound(`There is no ${name.toLowerCase()} "${id.slice(0, 40)}".`);
  return found;
}

function expectedOf(etag: string | undefined) {
  return etag === undefined ? {} : { etag };
}

function changed(): Failure {
  return new Failure(
    'terminal',
    'settings-changed',
    'The settings are not those that you changed: read them again, then save with their ETag.',
  );
}
