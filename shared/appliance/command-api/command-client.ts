import { Failure } from '../../errors.ts';
import { withRetry } from '../../retry.ts';
import type { CallOptions, Product } from '../appliance.ts';
import { atSite } from '../at-site.ts';
import type { SiteLink } from '../site-link.ts';
import { checkParameters } from './check-parameters.ts';
import type { Command } from './command.ts';
import { type CommandName, type CommandParameters, type CommandReply, commandNamed } from './index.ts';
import { wasRefusedUnread } from './not-done.ts';
import { refusal } from './refusal.ts';
import { type CommandAnswer, sendCommand } from './send-command.ts';
import { toWire } from './wire.ts';

/**
 * The command API of one site. Throws terminal `bad-parameter` before anything is sent, `not-of-this-product`,
 * `no-permission`, `unknown-session`, `session-not-active`, `command-refused` (any other `<error>`), `outcome-unknown` (sent,
 * and no answer came; never sent again by itself; one that is `cancelled` may have been done too), and what the transport throws.
 */
export class CommandClient {
  readonly #link: SiteLink;

  constructor(link: SiteLink) {
    this.#link = link;
  }

  run<N extends CommandName>(
    name: N,
    parameters: CommandParameters<N>,
    call?: CallOptions,
  ): Promise<CommandReply<N>> {
    return this.runByName(name, parameters, call) as Promise<CommandReply<N>>;
  }

  /** The same for a name and parameters from outside. Throws terminal `unknown-command` besides. */
  async runByName(name: string, given: unknown, call?: CallOptions): Promise<unknown> {
    const { where } = this.#link;
    const command = commandNamed(name);
    const parameters = checkParameters(command.name, command.parameters, given);
    const sent = toWire(parameters as Readonly<Record<string, unknown>>);
    const signal = this.#link.signalOf(call);
    try {
      await this.#checkProduct(command, signal);
      const answer = await this.#send(command, sent, signal);
      if (!('error' in answer)) return this.#read(command, answer.root, parameters);
      throw await refusal(command, sent, answer.error, where, (action, more = {}) =>
        sendCommand(this.#link, action, more, signal),
      );
    } catch (error) {
      throw atSite(error, where);
    }
  }

  async #checkProduct({ name, products }: Command, signal: AbortSignal): Promise<void> {
    if (products.length > 1) return;
    const product = await this.#link.product(signal);
    if (products.includes(product)) return;
    throw new Failure('terminal', 'not-of-this-product', `${titles[product]} has no command ${name}.`);
  }

  async #send(
    command: Command,
    sent: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<CommandAnswer> {
    const { retry } = this.#link;
    const send = (attempt?: { mayBeDone: boolean }) =>
      sendCommand(this.#link, command.name, sent, signal, attempt);
    if (command.isRepeatable) return withRetry(() => send(), { ...retry, signal });
    return withRetry(
      async () => {
        const attempt = { mayBeDone: false };
        try {
          return await send(attempt);
        } catch (error) {
          if (!(error instanceof Failure) || error.kind !== 'transient' || !attempt.mayBeDone) throw error;
          if (error.code === 'cancelled' || wasRefusedUnread(error)) throw error;
          throw this.#unknownOutcome(command, error);
        }
      },
      { ...retry, signal },
    );
  }

  #read(command: Command, root: Parameters<Command['read']>[0], parameters: unknown): unknown {
    try {
      return command.read(root, parameters);
    } catch (error) {
      if (command.isRepeatable || !(error instanceof Failure)) throw error;
      throw this.#unknownOutcome(command, error);
    }
  }

  #unknownOutcome({ name }: Command, cause: Failure): Failure {
    const message = `${this.#link.where}: ${name} was sent and it is not known whether it was done (${cause.code}): look before you send it again.`;
    return new Failure('terminal', 'outcome-unknown', message, { cause });
  }
}

const titles: Readonly<Record<Product, string>> = { RS: 'Remote Support', PRA: 'Privileged Remote Access' };
