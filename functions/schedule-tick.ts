import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { liveWork } from '../shared/runs/live-runs.ts';
import { runStarter } from '../shared/schedules/durable-starter.ts';
import { pullForEvents } from '../shared/schedules/event-pulls.ts';
import { tick } from '../shared/schedules/tick.ts';
import { services } from '../shared/service-provider.ts';
import { tendTickets } from '../shared/tickets/tend-tickets.ts';
import { tendRuns } from '../shared/transfer/tend-runs.ts';

app.timer('schedule-tick', {
  schedule: '0 * * * * *',
  extraInputs: [df.input.durableClient()],
  handler: async (_timer, context) => {
    const starter = runStarter(df.getClient(context));
    try {
      await tick(services(), starter);
    } finally {
      // A schedule that cannot be started holds nothing else back.
      const live = await liveWork(services().state);
      // Somebody waits for these, and nothing else waits for them; what fails in them is logged.
      const tickets = tendTickets(services(), live.tickets);
      try {
        await pullForEvents(services(), starter, live);
        await tendRuns(services(), starter, { live: live.runs });
      } finally {
        await tickets;
      }
    }
  },
});
