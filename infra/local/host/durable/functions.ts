import type { HostedFunction } from '../function-catalog.ts';

/** Orchestrators and activities by name, whatever its case. */
export class DurableFunctions {
  readonly #orchestrators: ReadonlyMap<string, HostedFunction>;
  readonly #activities: ReadonlyMap<string, HostedFunction>;

  constructor(functions: readonly HostedFunction[]) {
    this.#orchestrators = byName(functions, 'orchestration');
    this.#activities = byName(functions, 'activity');
  }

  get orchestratorNames(): string[] {
    return [...this.#orchestrators.values()].map(({ name }) => name);
  }

  get activityNames(): string[] {
    return [...this.#activities.values()].map(({ name }) => name);
  }

  orchestrator(name: string): HostedFunction | undefined {
    return this.#orchestrators.get(name.toLowerCase());
  }

  activity(name: string): HostedFunction | undefined {
    return this.#activities.get(name.toLowerCase());
  }
}

function byName(
  functions: readonly HostedFunction[],
  kind: HostedFunction['kind'],
): Map<string, HostedFunction> {
  return new Map(
    functions.filter((hosted) => hosted.kind === kind).map((hosted) => [hosted.name.toLowerCase(), hosted]),
  );
}
