/**
 * The module `@azure/functions-core`, which Azure's worker supplies and the npm package `@azure/functions`
 * requires. `load-functions.ts` resolves that name to this file; its exports are the worker's API.
 */
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  HookName,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.ts';
import { registry } from './function-registry.ts';

export const version = '3.12.0';
export const hostVersion = '4.1045.200';

export class Disposable {
  #callback: (() => unknown) | undefined;

  constructor(callback: () => unknown) {
    this.#callback = callback;
  }

  static from(...disposables: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const disposable of disposables) disposable.dispose();
    });
  }

  dispose(): unknown {
    const callback = this.#callback;
    this.#callback = undefined;
    return callback?.();
  }
}

export function registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
  return new Disposable(registry.register(metadata, callback));
}

export function registerHook(name: string, callback: HookCallback): Disposable {
  const hooks = registry.hooks.get(name as HookName);
  if (hooks === undefined || name === 'log') {
    throw new RangeError(`The local host does not run hooks of the kind "${name}".`);
  }
  hooks.push(callback);
  return new Disposable(() => {
    const index = hooks.indexOf(callback);
    if (index >= 0) hooks.splice(index, 1);
  });
}

export function setProgrammingModel(model: ProgrammingModel): void {
  registry.programmingModel = model;
}

export function getProgrammingModel(): ProgrammingModel | undefined {
  return registry.programmingModel;
}

export function log(level: LogLevel, category: LogCategory, message: string): void {
  registry.logSink?.(level, category, message);
}
