import { Failure } from '../../../shared/errors.ts';
import type { BindingInfo } from './core-types.ts';
import type { RegisteredFunction } from './function-registry.ts';

export type TriggerKind = 'http' | 'timer' | 'orchestration' | 'activity';

export interface HostedFunction {
  readonly name: string;
  readonly kind: TriggerKind;
  /** The trigger's binding name and options. */
  readonly triggerName: string;
  readonly trigger: BindingInfo;
  /** Names of the input bindings that want a durable client. */
  readonly clientInputs: readonly string[];
  readonly registered: RegisteredFunction;
}

const kinds: Readonly<Record<string, TriggerKind>> = {
  httptrigger: 'http',
  timertrigger: 'timer',
  orchestrationtrigger: 'orchestration',
  activitytrigger: 'activity',
};

/**
 * Sorts what was registered.
 * @throws Failure `unsupported-binding` for anything this host would have to leave out.
 */
export function catalogFunctions(functions: readonly RegisteredFunction[]): HostedFunction[] {
  return functions.map(describe);
}

function describe(registered: RegisteredFunction): HostedFunction {
  const { name, bindings, retryOptions } = registered.metadata;
  const refuse = (what: string) =>
    new Failure('terminal', 'unsupported-binding', `Function "${name}": the local host does not do ${what}.`);
  if (retryOptions !== undefined && retryOptions !== null) throw refuse('retry policies of functions');

  let trigger: { name: string; binding: BindingInfo; kind: TriggerKind } | undefined;
  const clientInputs: string[] = [];
  for (const [bindingName, binding] of Object.entries(bindings)) {
    const type = binding.type.toLowerCase();
    if (type.endsWith('trigger')) {
      const kind = kinds[type];
      if (kind === undefined) throw refuse(`triggers of type ${binding.type}`);
      trigger = { name: bindingName, binding, kind };
    } else if (type === 'durableclient' || type === 'orchestrationclient') {
      clientInputs.push(bindingName);
    } else if (!(binding.direction === 'out' && type === 'http' && bindingName === '$return')) {
      throw refuse(`bindings of type ${binding.type} (${binding.direction})`);
    }
  }
  if (trigger === undefined) throw refuse('functions without a trigger');
  return {
    name,
    kind: trigger.kind,
    triggerName: trigger.name,
    trigger: trigger.binding,
    clientInputs,
    registered,
  };
}
