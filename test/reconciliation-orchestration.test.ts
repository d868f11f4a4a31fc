import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ReconcileInput,
  reconcileOrchestration,
} from '../shared/reconciliation/reconcile-orchestration.ts';
import type { SiteCursor, SiteStep } from '../shared/reconciliation/reconcile-site.ts';

interface Asked {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: inputs are as different as the activities; tests look into them.
  readonly input: any;
}

/** Drives the orchestrator as a host would; `site` answers a step, or throws as a host does that ended it. */
function drive(sites: readonly string[], site: (cursor: SiteCursor) => SiteStep) {
  const asked: Asked[] = [];
  const generations: ReconcileInput[] = [];
  let mostTasks = 0;
  for (let next: ReconcileInput | undefined = { id: 'it' }; next; ) {
    const input = JSON.parse(JSON.stringify(next)) as ReconcileInput;
    generations.push(input);
    assert.ok(generations.length < 50);
    next = undefined;
    let tasks = 0;
    const answer = ({ name, input: given }: Asked): unknown => {
      if (name === 'reconcile-begin') return { sites };
      return name === 'reconcile-site' ? site(given.cursor) : {};
    };
    const steps = reconcileOrchestration(
      {
        activity: (name, given) => {
          tasks++;
          const one = { name, input: given };
          asked.push(one);
          return one;
        },
        all: (all) => all,
        continueAsNew: (given) => {
          next = given as ReconcileInput;
        },
      },
      input,
    );
    for (let turn = steps.next(); !turn.done; ) {
      const task = turn.value as Asked | readonly Asked[];
      try {
        turn = steps.next('name' in task ? answer(task) : task.map(answer));
      } catch (error) {
        turn = steps.throw(error);
      }
    }
    mostTasks = Math.max(mostTasks, tasks);
  }
  return { asked, generations, mostTasks, end: asked.at(-1) ?? assert.fail() };
}

const done = ({ siteId, days = 0 }: SiteCursor): SiteStep => ({
  status: 'done',
  outcome: { siteId, days, missing: 0, pulls: [], problems: [] },
});

test('every site is worked on to its end, four at a time, and histories stay short', () => {
  const sites = Array.from({ length: 150 }, (_, index) => `site-${index}`);
  const { asked, generations, mostTasks, end } = drive(sites, (cursor) => {
    const { siteId, days = 0 } = cursor;
    return days < 3 ? { status: 'more', cursor: { siteId, days: days + 1, after: `${days}` } } : done(cursor);
  });
  assert.equal(asked.filter(({ name }) => name === 'reconcile-site').length, 600);
  assert.ok(generations.length > 3);
  assert.ok(mostTasks <= 81);
  assert.equal(end.name, 'reconcile-end');
  const outcomes = end.input.outcomes as { siteId: string; days: number }[];
  assert.deepEqual(outcomes.map(({ siteId }) => siteId).toSorted(), sites.toSorted());
  assert.ok(outcomes.every(({ days }) => days === 3));
});

test('a step that is ended from outside costs its round, and the other sites go on', () => {
  const { end } = drive(['a', 'b', 'c', 'd', 'e', 'f'], (cursor) => {
    if (cursor.siteId === 'b') throw new Error('the host was taken away');
    return done(cursor);
  });
  const outcomes = end.input.outcomes as { siteId: string; failure?: { code: string } }[];
  assert.deepEqual(
    outcomes.filter(({ failure }) => failure?.code === 'internal').map(({ siteId }) => siteId),
    ['a', 'b', 'c', 'd'],
  );
  assert.deepEqual(
    outcomes.filter(({ failure }) => !failure).map(({ siteId }) => siteId),
    ['e', 'f'],
  );
});

test('one that has ended before ends at once', () => {
  const { asked } = drive([], done);
  assert.deepEqual(
    asked.map(({ name }) => name),
    ['reconcile-begin', 'reconcile-end'],
  );
});
