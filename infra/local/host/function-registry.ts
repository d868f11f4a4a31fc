import { Failure } from '../../../shared/errors.ts';
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  HookName,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.ts';

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

export type SystemLogSink = (level: LogLevel, category: LogCategory, message: string) => void;

const hookNames: readonly HookName[] = ['preInvocation', 'postInvocation', 'appStart', 'appTerminate', 'log'];

/**
 * What modules of functions register when they are imported. A module is imported once in a process, so this
 * outlives a host: a second host in the same process takes up what the first one loaded.
 */
class FunctionRegistry {
  readonly hooks = new Map<HookName, HookCallback[]>(hookNames.map((name) => [name, []]));
  readonly appHookData: Record<string, unknown> = {};
  programmingModel: ProgrammingModel | undefined;
  logSink: SystemLogSink | undefined;
  #functions = new Map<string, RegisteredFunction>();
  #ofSource = new Map<unknown, string[]>();
  #loading: string[] | undefined;

  register(metadata: FunctionMetadata, callback: FunctionCallback): () => void {
    const key = metadata.name.toLowerCase();
    if (this.#loading === undefined) {
      throw new Failure(
        'terminal',
        'late-registration',
        `Function "${metadata.name}" was registered after startup. Register it while its module is imported.`,
      );
    }
    if (this.#functions.has(key)) {
      throw new Failure(
        'terminal',
        'duplicate-function',
        `A function "${metadata.name}" is registered already. Names are unique, whatever their case.`,
      );
    }
    this.#functions.set(key, { metadata, callback });
    this.#loading.push(key);
    return () => this.#functions.delete(key);
  }

  /** Runs `load` once for `source` in this process and remembers what it registered. */
  async load(source: unknown, load: () => Promise<unknown>): Promise<void> {
    if (this.#ofSource.has(source)) return;
    const names: string[] = [];
    this.#loading = names;
    try {
      await load();
    } catch (error) {
      for (const name of names) this.#functions.delete(name);
      throw error;
    } finally {
      this.#loading = undefined;
    }
    this.#ofSource.set(source, names);
  }

  /** The functions that these sources registered, in the order of registration. */
  functionsOf(sources: readonly unknown[]): RegisteredFunction[] {
    return sources
      .flatMap((source) => this.#ofSource.get(source) ?? [])
      .flatMap((name) => this.#functions.get(name) ?? []);
  }
}

export const registry = new FunctionRegistry();

export async function executeHooks(name: HookName, context: Record<string, unknown>): Promise<void> {
  for (const callback of registry.hooks.get(name) ?? []) await callback(context);
}
