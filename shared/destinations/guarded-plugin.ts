import { z } from 'zod';
import { Failure } from '../errors.ts';
import { failureOf, firstLine, guarded } from './guard.ts';
import { guardDestination } from './guarded-destination.ts';
import { ownState } from './own-state.ts';
import { isRecord, type PackagedPlugin } from './packaged-plugin.ts';
import type { DestinationPlugin, OpenDestination } from './plugin.ts';

const OPEN_MS = 60_000;

/** A package's plugin as one of the house, under `id`. What goes wrong in it is said with the package's name. */
export function guardPlugin(
  raw: PackagedPlugin,
  id: string,
  packageName: string,
  openMs = OPEN_MS,
): DestinationPlugin {
  const read = (input: unknown) => readSettings(raw, packageName, input);
  return {
    id,
    title: raw.title,
    settings: z.unknown().transform((input, context) => {
      const { data, issues } = read(input);
      for (const { path, message } of issues)
        context.addIssue({ code: 'custom', path: [...path], message, input });
      return issues.length === 0 ? data : z.NEVER;
    }),
    takes: raw.takes,
    place(settings) {
      try {
        const place: unknown = raw.place(settings);
        return typeof place === 'string' && place !== '' ? `${packageName} ${place}` : undefined;
      } catch {
        // Told when the settings are saved, by the same call.
        return undefined;
      }
    },
    collisions(settings, samples) {
      if (!raw.collisions) return [];
      try {
        return raw.collisions(settings, samples);
      } catch (error) {
        throw failureOf({ packageName, destination: raw.title }, 'comparing names', error);
      }
    },
    async open(options) {
      const at = { packageName, destination: options.name };
      const { data, issues } = read(options.settings);
      const [first] = issues;
      if (first) {
        const place = ['settings', ...first.path].join('.');
        const told = `Destination "${options.name}" (package ${packageName}): ${place}: ${first.message}`;
        throw new Failure('terminal', 'bad-settings', told);
      }
      return guarded(at, 'opening', openMs, async () =>
        guardDestination(await raw.open(limited(options, data)), at, options, options.log),
      );
    },
  };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function readSettings(
  raw: PackagedPlugin,
  packageName: string,
  input: unknown,
): { readonly data?: unknown; readonly issues: readonly Issue[] } {
  const broken = (why: string) => ({
    issues: [{ path: [], message: `the package "${packageName}" ${why}` }],
  });
  try {
    // A copy, as saving makes one: what we keep is no package's to change.
    const result: unknown = raw.settings.safeParse(JSON.parse(JSON.stringify(input ?? null)));
    if (!isRecord(result)) return broken('does not say whether these settings are right');
    if (result.success !== true) {
      const issues = isRecord(result.error) ? result.error.issues : undefined;
      if (!Array.isArray(issues) || issues.length === 0)
        return broken('refuses these settings without a reason');
      return { issues: issues.map(readIssue) };
    }
    const place: unknown = raw.place(result.data);
    if (typeof place !== 'string' || place === '') return broken('does not say where these settings store');
    return { data: result.data, issues: [] };
  } catch (error) {
    return broken(`failed at these settings: ${firstLine(error)}`);
  }
}

function readIssue(issue: unknown): Issue {
  if (!isRecord(issue)) return { path: [], message: firstLine(String(issue)) };
  const path = Array.isArray(issue.path) ? issue.path : [];
  // Other libraries give a path of objects with a key (Standard Schema).
  const keys = path.map((part) => (isRecord(part) ? part.key : part));
  return {
    path: keys.filter((key) => typeof key === 'string' || typeof key === 'number'),
    message: firstLine(String(issue.message)),
  };
}

/** Its own part of the state, and the secrets that its settings name: a package needs no more. */
function limited(options: OpenDestination, settings: unknown): OpenDestination {
  const { id, name, state, log } = options;
  const named = new Set(textsOf(settings));
  return {
    id,
    name,
    settings,
    log,
    state: ownState(state, id),
    async secret(secret) {
      if (named.has(secret)) return options.secret(secret);
      throw new Failure('terminal', 'no-access', `the settings do not name the secret "${secret}"`);
    },
  };
}

function* textsOf(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (isRecord(value)) for (const part of Object.values(value)) yield* textsOf(part);
}
