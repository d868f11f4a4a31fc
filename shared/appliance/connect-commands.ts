import { Failure } from '../errors.ts';
import type { CallOptions } from './appliance.ts';
import { CommandClient } from './command-api/command-client.ts';
import { type Approval, sendApproval } from './endpoint-approval.ts';
import { type ApplianceOptions, openSite } from './open-site.ts';

/** What changes things on an appliance, apart from the client that pulls. */
export interface SiteCommands {
  readonly commands: CommandClient;
  /** PRA. Answers the request for a ticket's approval; see endpoint-approval.ts for what it throws. */
  approve(approval: Approval, call?: CallOptions): Promise<void>;
  close(): void;
}

/** Throws terminal `bad-host`; nothing is sent before the first call. */
export function connectCommands(options: ApplianceOptions): SiteCommands {
  const { transport, link, close } = openSite(options);
  const { retry, where, signalOf } = link;
  return {
    commands: new CommandClient(link),
    async approve(approval, call) {
      if (options.site.product === 'RS')
        throw new Failure(
          'terminal',
          'not-of-this-product',
          `${where}: Remote Support has no approval by ticket.`,
        );
      await sendApproval(transport, approval, { ...retry, signal: signalOf(call) });
    },
    close,
  };
}
