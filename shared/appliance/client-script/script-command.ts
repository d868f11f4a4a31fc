import type { z } from 'zod';
import { Failure } from '../../errors.ts';
import type { Product } from '../appliance.ts';
import { checkParameters } from '../command-api/check-parameters.ts';
import { toWire } from '../command-api/wire.ts';
import { encodedPairs } from './encode.ts';
import { type ScriptAction, type ScriptActionName, scriptActions } from './script-actions.ts';

/** What a console is to do. */
export type ScriptCommand = {
  readonly [N in ScriptActionName]: {
    readonly action: N;
    readonly parameters: z.input<(typeof scriptActions)[N]['parameters']>;
  };
}[ScriptActionName];

/** A command from outside: its action and parameters are checked where it is used. */
export interface UncheckedScriptCommand {
  readonly action: string;
  readonly parameters: unknown;
}

/** A command as it stands in URLs and files, whole and fit to be shown. */
export interface EncodedCommand {
  readonly action: string;
  readonly whole: string;
  readonly shown: string;
}

/** Throws terminal `unknown-command`. */
export function scriptActionNamed(name: string): ScriptAction {
  if (Object.hasOwn(scriptActions, name)) return scriptActions[name as ScriptActionName];
  const shown = name.replace(/[^\w.-]/g, '?').slice(0, 80);
  throw new Failure('terminal', 'unknown-command', `There is no script command ${shown}.`);
}

/**
 * `action=…&name=value…`. Throws terminal `unknown-command`, `not-of-this-product`, `bad-parameter`, which never have a value
 * in them.
 */
export function encodeCommand(
  { action, parameters }: UncheckedScriptCommand,
  product: Product | undefined,
): EncodedCommand {
  const { name, products, parameters: schema } = scriptActionNamed(action);
  if (product !== undefined && !products.includes(product)) {
    const title = product === 'RS' ? 'Remote Support' : 'Privileged Remote Access';
    throw new Failure('terminal', 'not-of-this-product', `${title} has no script command ${name}.`);
  }
  const wire = toWire(checkParameters(name, schema, parameters) as Readonly<Record<string, unknown>>);
  const pairs = [['action', name], ...Object.entries(wire)] as const;
  return {
    action: name,
    whole: encodedPairs(pairs as Iterable<readonly [string, string]>),
    shown: pairs
      .map(([key = '', value = '']) => (key === 'password' ? 'password=***' : encodedPairs([[key, value]])))
      .join('&'),
  };
}
