import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyAudit } from '../shared/access/audit-verify.ts';
import { liveWork } from '../shared/runs/live-runs.ts';
import { leaveTicket } from '../shared/runs/live-tickets.ts';
import type { StateStore } from '../shared/state/state-store.ts';
import { appliance } from './appliance-client-support.ts';
import { MemoryState } from './support/memory-state.ts';
import { ticketOffice } from './support/ticket-office.ts';

const allow = { rules: [{ name: 'all', decision: 'allow' }] };

/** A host's view of the store: once it is dead nothing that it asks for is done, and it hears of nothing. */
class Mortal {
  left = Number.POSITIVE_INFINITY;
  died = false;
  readonly store: StateStore;

  constructor(state: StateStore, isDone: boolean) {
    this.store = new Proxy(state, {
      get: (target, name) => {
        const found = Reflect.get(target, name);
        if (typeof found !== 'function' || name === 'close') return found;
        return async (...given: unknown[]) => {
          if (this.died) throw new Error('dead');
          this.died = this.left-- <= 0;
          if (this.died && !isDone) throw new Error('dead');
          const result = await found.apply(target, given);
          if (this.died) throw new Error('dead');
          return result;
        };
      },
    });
  }
}

for (const isDone of [false, true])
  test(`a host that dies at any call of the store, ${isDone ? 'after' : 'before'} it is done, loses no request and answers none twice`, async (t) => {
    const main = await appliance(t, { product: 'PRA', sessions: 5 });
    const state = new MemoryState();
    let deaths = 0;
    for (let calls = 0; ; calls++) {
      assert.ok(calls < 100);
      const request_id = `request ${calls}`;
      const mortal = new Mortal(state, isDone);
      const first = await ticketOffice(t, allow, { main, state: mortal.store });
      mortal.left = calls;
      const status = await first.post({ request_id }).catch(() => 503);
      await first.tick().catch((error: Error) => assert.equal(error.message, 'dead'));
      const died = mortal.died;
      mortal.died = true;
      const next = await ticketOffice(t, allow, { main, state });
      next.desk.clock.now += 120_000;
      await next.tick();
      const told = main.operations.approvals.filter(({ response_id: id }) => id === request_id);
      if (status === 200) assert.equal(told.length, 1, `dead at call ${calls}`);
      // What the appliance was not promised may have been kept all the same.
      else assert.ok(told.length <= 1, `dead at call ${calls}`);
      for (const { outcome } of await next.requests())
        assert.match(outcome ?? 'none', /^(answered|perhaps-answered)$/, `dead at call ${calls}`);
      for (const { id } of (await liveWork(state)).tickets) {
        assert.notEqual(status, 200);
        await leaveTicket(state, id);
      }
      if (!died) break;
      deaths++;
    }
    assert.ok(deaths > 10, `${deaths} deaths`);
    assert.deepEqual((await verifyAudit(state)).breaks, []);
  });
