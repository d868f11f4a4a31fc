import { globSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Failure } from '../../../shared/errors.ts';
import { type RegisteredFunction, registry } from './function-registry.ts';

/** Absolute paths or globs of modules that register functions, or a function that imports them. */
export type FunctionSource = readonly string[] | (() => Promise<void>);

let hooked = false;

/** Lets `require('@azure/functions-core')` find this host. To be called before `@azure/functions` is used. */
function supplyCoreModule(): void {
  if (hooked) return;
  hooked = true;
  const url = new URL('./core-module.ts', import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === '@azure/functions-core'
        ? { url, format: 'module-typescript', shortCircuit: true }
        : nextResolve(specifier, context),
  });
}

/**
 * Imports the modules, each once in a process, and gives back the functions they registered.
 * @throws Failure `no-functions` when a path matches nothing or nothing was registered.
 */
export async function loadFunctions(source: FunctionSource): Promise<RegisteredFunction[]> {
  supplyCoreModule();
  const sources = typeof source === 'function' ? [source] : source.flatMap(expand);
  for (const one of sources) {
    await registry.load(one, typeof one === 'function' ? one : () => import(pathToFileURL(one).href));
  }
  const functions = registry.functionsOf(sources);
  if (functions.length === 0) {
    throw new Failure(
      'terminal',
      'no-functions',
      'No function was registered. Check the paths, and that @azure/functions was not used before the host was started.',
    );
  }
  await refuseStreaming();
  return functions;
}

function expand(pattern: string): string[] {
  const files = globSync(pattern).sort();
  if (files.length === 0) throw new Failure('terminal', 'no-functions', `No file matches ${pattern}.`);
  return files;
}

async function refuseStreaming(): Promise<void> {
  const capabilities = await registry.programmingModel?.getCapabilities?.({});
  if (capabilities?.HttpUri !== undefined) {
    throw new Failure(
      'terminal',
      'http-streaming',
      'app.setup({ enableHttpStream: true }) is not supported by the local host. Leave it off.',
    );
  }
}
