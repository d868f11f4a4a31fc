import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Appliance } from '../shared/appliance/appliance.ts';
import type { Destination } from '../shared/destinations/destination.ts';
import { Failure } from '../shared/errors.ts';
import type { Run } from '../shared/runs/run.ts';
import type { ScheduleState } from '../shared/schedules/schedule-state.ts';
import type { Services } from '../shared/services.ts';
import { type Installation, startInstallation } from './support/installation.ts';
import { databaseDifferences, folderDifferences, none } from './support/stored.ts';

/** IC guide: Last Run moves when a run completes, whether or not it could reach anything; an error of our own is no completion. */

const HOUR = 3600;
type Thrower = () => Error;

/** What the ports throw, while they do. */
const broken: { report?: Thrower; rows?: Thrower; files?: Thrower } = {};
let installation: Installation;
before(async () => {
  installation = await startInstallation({ services: breakable });
  const first = await installation.run();
  assert.equal(first.status, 'succeeded', why(first));
});
after(() => installation.close());

function breakable(services: Services): Services {
  return {
    ...services,
    appliance: (site) => {
      const appliance = services.appliance(site);
      const report: Appliance['sessionReport'] = async (...given) => {
        if (broken.report) throw broken.report();
        return appliance.sessionReport(...given);
      };
      return Object.assign(Object.create(appliance), bound(appliance), {
        sessionReport: report,
      }) as Appliance;
    },
    destination: async (setting) => breakableDestination(await services.destination(setting)),
  };
}

function breakableDestination(destination: Destination): Destination {
  const { sessions, files } = destination;
  const evidence = destination.evidence;
  return {
    id: destination.id,
    name: destination.name,
    ...(evidence && { evidence }),
    ...(sessions && {
      sessions: {
        async store(...given) {
          if (broken.rows) throw broken.rows();
          return sessions.store(...given);
        },
      },
    }),
    ...(files && {
      files: {
        extension: files.extension,
        find: (key) => files.find(key),
        async begin(item) {
          if (broken.files) throw broken.files();
          return files.begin(item);
        },
      },
    }),
    check: () => destination.check(),
    close: () => destination.close(),
  };
}

/** Methods that reach private fields of their own object. */
function bound(appliance: Appliance): object {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(appliance)) as (keyof Appliance)[];
  return Object.fromEntries(
    names.flatMap((name) => {
      const method = appliance[name] as unknown;
      return typeof method === 'function' ? [[name, method.bind(appliance)]] : [];
    }),
  );
}

async function lastRun(): Promise<string> {
  const row = await installation.services.state.get<ScheduleState>('claims', 'schedule', 'all');
  return row?.value.lastRun ?? '';
}

function marks() {
  return Promise.all([
    installation.watermark('support', 'session-data', 'folder'),
    installation.watermark('support', 'session-recording', 'folder'),
    installation.watermark('support', 'session-data', 'database'),
  ]);
}

const why = ({ results = [] }: Run) =>
  JSON.stringify(
    results.map(({ stream, destinationId, failure, alarms }) => [stream, destinationId, failure, alarms]),
  );

async function afterwards(): Promise<void> {
  delete broken.report;
  delete broken.rows;
  delete broken.files;
  const before = await lastRun();
  const next = await installation.run();
  assert.equal(next.status, 'succeeded', why(next));
  assert.ok((await lastRun()) > before, 'Last Run moves again');
  assert.deepEqual(await folderDifferences(installation), none);
  assert.deepEqual(databaseDifferences(installation), none);
}

const unreachable = () => new Failure('transient', 'unreachable', 'Nobody answers.');
const full = () => new Failure('terminal', 'disk-full', 'No space left.');
const mistake = () => new TypeError("Cannot read properties of undefined (reading 'lsid')");

const cases = [
  {
    what: 'an appliance that cannot be reached',
    breaks: { report: unreachable },
    moves: true,
    held: [0, 1, 2],
  },
  { what: 'a database that is down', breaks: { rows: unreachable }, moves: true, held: [2] },
  { what: 'a destination that is full', breaks: { files: full }, moves: true, held: [0] },
  {
    what: 'an error of our own at the appliance',
    breaks: { report: mistake },
    moves: false,
    held: [0, 1, 2],
  },
  { what: 'an error of our own at a database', breaks: { rows: mistake }, moves: false, held: [2] },
  { what: 'an error of our own at a file', breaks: { files: mistake }, moves: false, held: [0] },
] as const;

for (const { what, breaks, moves, held } of cases)
  test(`${what}: Last Run ${moves ? 'moves' : 'stays'}, its watermark stays, and the next run has everything`, async () => {
    const [last, before] = [await lastRun(), await marks()];
    installation.passTime(2 * HOUR);
    Object.assign(broken, breaks);
    const run = await installation.run();
    assert.notEqual(run.status, 'succeeded', why(run));
    const internal = (run.results ?? []).some(({ failure }) => failure?.kind === 'internal');
    assert.equal(internal, !moves, why(run));
    if (moves) assert.ok((await lastRun()) > last, 'Last Run moved');
    else assert.equal(await lastRun(), last);
    const now = await marks();
    for (const [index, mark] of now.entries())
      if ((held as readonly number[]).includes(index)) assert.deepEqual(mark, before[index], `mark ${index}`);
      else
        assert.ok((mark?.to ?? 0) > (before[index]?.to ?? 0), `mark ${index} is nobody else's to hold back`);
    await afterwards();
  });
