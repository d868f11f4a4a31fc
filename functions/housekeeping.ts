import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { keepHouse } from '../shared/housekeeping/keep-house.ts';
import { reconcileDaily } from '../shared/reconciliation/start-reconciliation.ts';
import { orchestrationStarter, reconciliation } from '../shared/schedules/durable-starter.ts';
import { services } from '../shared/service-provider.ts';
import { forgetTickets } from '../shared/tickets/ticket-request.ts';

// Hourly, though its work is a day's: what was cut off, or was not due yet, is taken up within the hour.
app.timer('housekeeping', {
  schedule: '0 41 * * * *',
  extraInputs: [df.input.durableClient()],
  handler: async (_timer, context) => {
    const client = df.getClient(context);
    try {
      await reconcileDaily(services(), orchestrationStarter(client, reconciliation));
    } finally {
      try {
        await keepHouse(services(), client);
      } finally {
        await forgetTickets(services().state, services().now());
      }
    }
  },
});
