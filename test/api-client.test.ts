import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { operations } from '../shared/api/operations.ts';
import { LogBook } from '../shared/runs/log-book.ts';
import { isFinished } from '../shared/runs/run.ts';
import { StateLog } from '../shared/runs/state-log.ts';
import { defaultOAuthAccount } from './appliance/accounts.ts';
import { type GeneratedClient, generatedClient } from './support/generated-client.ts';
import { apiHeaders, type Installation, startInstallation } from './support/installation.ts';
import { addressSecret, signingSecret, ticketSystem } from './support/ticket-office.ts';

/** One installation with an appliance of each product, for all of the story. */
interface Story extends GeneratedClient {
  readonly house: Installation;
  readonly url: string;
  /** Instants around what has happened so far. */
  readonly from: string;
  readonly to: string;
  readonly ticketSystem: object;
}

test('a client made from the document drives the whole API', async (t) => {
  const house = await startInstallation({
    hoursBack: 2,
    sites: { support: { product: 'RS' }, access: { product: 'PRA' } },
    services(services) {
      const log = new LogBook({ outputs: [], store: new StateLog(services.state), least: 'info' });
      return { ...services, log, logs: log };
    },
  });
  t.after(() => house.close());
  const { setting } = await ticketSystem(t, { status: 202, body: '' });
  const { url } = house.stack.host;
  const client = await generatedClient(t, url, apiHeaders);
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString();
  const story: Story = {
    ...client,
    house,
    url,
    from: iso(house.began - 2 * 3600),
    to: iso(house.began + 3600),
    ticketSystem: setting,
  };
  await changesSettings(story);
  await runsAndPulls(story);
  await readsWhatIsThere(story);
  await importsFiles(story);
  await readsReports(story);
  await sendsCommands(story);
  await makesScripts(story);
  await decidesTickets(story);
  await client.call.getDocs?.();
  await client.call.getOpenApi?.();
  const missing = operations.map(({ id }) => id).filter((id) => !client.done.has(id));
  assert.deepEqual(missing, [], 'every operation was called, and answered');
  assert.equal(client.done.size, operations.length);
});

/** The generator's client has every operation; one that is not there fails by its name. */
function named({ call }: Story, id: string) {
  return call[id] ?? assert.fail(`the client has no ${id}`);
}

async function changesSettings(story: Story): Promise<void> {
  const go = (id: string, ...given: readonly unknown[]) => named(story, id)(...given);
  const read = async () => {
    const { data, headers } = await go('getSettings');
    return { settings: data, ifMatch: headers.get('etag') };
  };
  const before = await read();
  const saved = await go(
    'putSettings',
    { ...before.settings, application: { ...before.settings.application, logRemovalDays: 30 } },
    { ifMatch: before.ifMatch },
  );
  assert.equal(saved.data.application.logRemovalDays, 30);
  const { versions } = (await go('listSettingsVersions', { limit: 2 })).data;
  const first = String(versions.at(-1).version);
  assert.equal((await go('getSettingsVersion', first)).data.settings.application.logRemovalDays, 90);
  await go('restoreSettingsVersion', first, { ifMatch: (await read()).ifMatch });
  assert.deepEqual((await read()).settings, before.settings);
  const exported = (await go('exportSettings')).data;
  await go('importSettings', exported, { ifMatch: (await read()).ifMatch });
  for (const [name, value] of [
    ['hook', addressSecret],
    ['sign', signingSecret],
    ['key', 'the key of ticket approval, 32 or more characters'],
  ])
    await go('putSecret', name, { value });
  const account = (await go('listSecrets')).data.secrets.find(
    ({ name }: { name: string }) => name === 'account',
  );
  assert.equal(account.state, 'set');
  await go('getNotifications');
  // Nobody listens there: that it could not be sent is what the answer says.
  const mail = { host: '127.0.0.1', port: 9, security: 'none', from: 'a@example.com', to: ['b@example.com'] };
  const sent = await go('testNotifications', { channel: 'mail', notifications: { mail } });
  assert.equal(sent.data.results[0].sent, false);

  const { sites } = (await go('listSites')).data;
  const site = { ...sites[0], id: 'third', name: 'Third' };
  await go('addSite', site, { ifMatch: (await read()).ifMatch });
  await go('putSite', 'third', { ...site, name: 'Still third' }, { ifMatch: (await read()).ifMatch });
  assert.equal((await go('getSite', 'third')).data.name, 'Still third');
  assert.equal((await go('testSite', 'third')).data.ok, true);
  const draft = await go('testSiteDraft', { site, secret: defaultOAuthAccount.secret });
  assert.equal(draft.data.ok, true);

  const settings = { kind: 'folder', directory: join(story.house.data.files, 'second') };
  const destination = { id: 'second', name: 'Second', plugin: 'file', settings };
  assert.equal((await go('testDestinationDraft', { destination })).data.ok, true);
  await go('addDestination', destination, { ifMatch: (await read()).ifMatch });
  await go('putDestination', 'second', { ...destination, name: '2' }, { ifMatch: (await read()).ifMatch });
  assert.equal((await go('getDestination', 'second')).data.name, '2');
  assert.equal((await go('testDestination', 'second')).data.ok, true);
  assert.ok((await go('listDestinations')).data.destinations.length >= 3);

  const schedule = {
    id: 'extra',
    name: 'Extra',
    enabled: false,
    every: { hours: 1 },
    transfers: [{ site: 'third', destination: 'second', dataTypes: ['session-data'] }],
  };
  await go('addSchedule', schedule, { ifMatch: (await read()).ifMatch });
  await go('putSchedule', 'extra', { ...schedule, name: 'E' }, { ifMatch: (await read()).ifMatch });
  assert.equal((await go('getScheduleSettings', 'extra')).data.name, 'E');
  assert.equal((await go('getSchedule', 'extra')).data.enabled, false);
  await go('resumeSchedule', 'extra');
  assert.equal((await go('pauseSchedule', 'extra')).data.enabled, false);
  await go('listSchedules');
  assert.equal((await go('stopScheduler')).data.state, 'stopped');
  await go('startScheduler');
  assert.equal((await go('getScheduler')).data.state, 'running');
  await go('deleteSchedule', 'extra', { ifMatch: (await read()).ifMatch });
  await go('deleteDestination', 'second', { ifMatch: (await read()).ifMatch });
  await go('deleteSite', 'third', { ifMatch: (await read()).ifMatch });
}

async function ended(story: Story, id: string) {
  for (;;) {
    const run = (await named(story, 'getRun')(id)).data;
    if (isFinished(run)) return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function runsAndPulls(story: Story): Promise<void> {
  const go = (id: string, ...given: readonly unknown[]) => named(story, id)(...given);
  const run = (await go('runSchedule', 'all', { idempotencyKey: 'once' })).data;
  assert.equal((await go('runSchedule', 'all', { idempotencyKey: 'once' })).data.id, run.id);
  assert.equal((await ended(story, run.id)).status, 'succeeded');
  assert.ok(
    (await go('listRuns', { kind: 'schedule' })).data.runs.some(({ id }: { id: string }) => id === run.id),
  );
  assert.ok((await go('getRunLog', run.id)).data.lines.length > 0);
  assert.ok((await go('getLog', { log: 'client' })).data.lines.length > 0);
  // It has ended: there is nothing left to be cancelled.
  assert.equal((await go('cancelRun', run.id)).data.status, 'succeeded');
  const { from: $from, to } = story;
  const pull = { sites: ['support'], destinations: ['folder'], dataTypes: ['session-data'], from: $from, to };
  assert.equal((await go('startPull', { ...pull, dryRun: true })).data.dryRun, true);
  const pulled = (await go('startPull', pull)).data;
  await go('cancelPull', pulled.id);
  await ended(story, pulled.id);
  assert.equal((await go('getPull', pulled.id)).data.id, pulled.id);
  const record = (await go('startReconciliation', { days: 2 })).data;
  while ((await go('getReconciliation', record.id)).data.finishedAt === undefined)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal((await go('listReconciliations')).data.reconciliations[0].id, record.id);
  assert.ok((await go('listCoverage', { site: 'support' })).data.rows.length > 0);
  await go('listLedger', { site: 'support' });
  await go('retryLedger', { site: 'support' });
}

async function readsWhatIsThere(story: Story): Promise<void> {
  const go = (id: string, ...given: readonly unknown[]) => named(story, id)(...given);
  const { from: $from, to } = story;
  const found = (await go('findSessions', { site: 'support', $from, to })).data;
  const session = found.sessions.find(({ endTime }: { endTime: string | null }) => endTime !== null);
  assert.ok(session, 'what was pulled is found');
  const whole = (await go('getSession', 'support', session.lsid)).data;
  assert.equal(whole.session.lsid, session.lsid);
  assert.ok(whole.files.length > 0);
  const [file] = (await go('listFiles', 'support', 'backup')).data.files;
  assert.ok(file, 'the backup is found');
  await go('getFile', file.id);
  await go('getFileContent', file.id);
  const entries = (await go('listAudit', { limit: 50 })).data;
  assert.ok(JSON.stringify(entries).includes('getFileContent'), 'a download is in the audit log');
  await go('verifyAudit');
}

async function importsFiles(story: Story): Promise<void> {
  const go = (id: string, ...given: readonly unknown[]) => named(story, id)(...given);
  const xml = (await go('reportSessions', 'support', { $from: story.from, to: story.to, format: 'xml' }))
    .data;
  const make = async () =>
    (await go('createImport', { name: 'sessions.xml', size: Buffer.byteLength(xml) })).data.id;
  const id = await make();
  await go('putImportPart', id, 1, new Blob([xml]));
  const load = { site: 'support', destinations: ['folder'], dataTypes: ['session-data'] };
  await go('startImport', id, { ...load, dryRun: true });
  const run = (await go('startImport', id, load)).data;
  await go('cancelImport', id);
  await ended(story, run.id);
  assert.equal((await go('getImport', id)).data.id, id);
  await go('listImportFaults', id);
  assert.ok((await go('listImports')).data.imports.length > 0);
  await go('deleteImport', await make());
}

async function readsReports(story: Story): Promise<void> {
  const go = (id: string, ...given: readonly unknown[]) => named(story, id)(...given);
  const { from, to } = story;
  const site = 'support';
  assert.ok((await go('reportSessions', site, { $from: from, to })).data.rows.length > 0);
  assert.ok((await go('reportSessionListing', site, from, { to })).data.rows.length > 0);
  await go('reportSessionSummary', site, from, 'rep', { to });
  await go('reportPresentations', site, { $from: from, to, by: 'start_time' });
  await go('reportPresentationListing', site, from, { to, by: 'start_time' });
  await go('reportTeamActivity', site, from, { to });
  await go('reportVaultAccountActivity', 'access', from, { to });
  await go('reportCustomerSurveys', site, from, { to });
  await go('reportRepresentativeSurveys', site, from, { to });
  await go('reportLicenseUsage', site, from, { to, groupBy: 'hour' });
  const date = story.from.slice(0, 10);
  const [archive] = (await go('reportArchiveListing', site, date)).data.rows;
  assert.ok(archive);
  await go('reportArchive', site, date, archive.type, archive.index);
  await go('reportEndpointLicenseUsage', 'access');
  await go('reportSyslog', site);
  await go('reportJumpItems', site);
}

async function sendsCommands(story: Story): Promise<void> {
  const { house } = story;
  const go = (id: string, ...given: readonly unknown[]) => named(story, `command${id}`)('support', ...given);
  assert.ok((await go('GetApiInfo')).data.apiVersion);
  await go('CheckHealth');
  await go('GetAppliances');
  const running = [...house.appliance('support').truth.sessions()].find(({ state }) => state === 'running');
  assert.ok(running, 'a session goes on');
  const { lsid } = running.session;
  const { reps } = (await go('GetLoggedInReps')).data;
  const rep_id = reps[0].id;
  await go('SetRepStatus', { rep_id, code_name: 'busy' });
  await go('GetSupportTeams', { showmembers: true });
  await go('GetConnectedClientList', { type: ['representative'] });
  await go('GetConnectedClients', { type: ['all'] });
  const { shortKey } = (await go('GenerateSessionKey', { type: 'support', queue_id: 'general' })).data;
  await go('CreateVirtualCustomer', {
    short_key: shortKey,
    name: 'Anna',
    ip_address: '203.0.113.9',
    operating_system: 'Windows 11',
    computer_name: 'PC-1',
  });
  await go('SendChatMessage', { lsid, body: 'Hello', impersonate: 'customer' });
  await go('JoinSession', { lsid, rep_id });
  await go('SetSessionAttributes', { lsid, custom: { external_key: 'CHG 1' } });
  assert.equal((await go('GetSessionAttributes', { lsid })).status, 200);
  await go('TransferSession', { lsid, queue_id: `rep:${rep_id}` });
  await go('LeaveSession', { lsid, rep_id });
  await go('TerminateSession', { lsid });
  await go('SetFailoverRole', { role: 'backup' });
  await go('LogoutRep', { rep_id });
  const import_ = {
    kind: 'local_jump',
    name: 'Endpoint',
    local_jump_hostname: 'ABCDEF02',
    group: 'remote_access',
  };
  await named(story, 'commandImportJumpShortcut')('access', import_);
}

async function makesScripts(story: Story): Promise<void> {
  const go = (id: string, ...given: readonly unknown[]) => named(story, id)('support', ...given);
  await go('scriptLogin');
  await go('scriptStartJumpItemSession', { search_string: 'srv' });
  await go('scriptStartPinnedClientSession', { search_string: 'srv' });
  await go('scriptPushAndStartLocal', { hostname: 'srv-1' });
  await go('scriptPushAndStartRemote', { target: 'srv-1' });
  await go('scriptStartShellJumpSession', { target: 'srv-1' });
  await go('scriptStartRdpSession', { target: 'srv-1' });
  await go('scriptStartVncSession', { target: 'srv-1' });
  await go('scriptStartVproSession', { target: 'srv-1', jumpoint: 'London' });
  await go('scriptGenerateSessionKey');
  await go('makeScriptFile', { commands: [{ action: 'login' }] });
}

async function decidesTickets(story: Story): Promise<void> {
  const go = (id: string, ...given: readonly unknown[]) => named(story, id)(...given);
  const { data: settings, headers } = await go('getSettings');
  const [first, second] = settings.sites;
  settings.sites = [first, { ...second, product: 'PRA', ticketSecret: 'hook' }];
  settings.application.ticketApproval = {
    keySecret: 'key',
    otherwise: 'forward',
    ticketSystem: story.ticketSystem,
  };
  await go('putSettings', settings, { ifMatch: headers.get('etag') });
  story.house.appliance('access').operations.approvalsWaiting.add('r1');
  const body = new URLSearchParams({ request_id: 'r1', ticket_id: 'CHG1', 'user.username': 'anna' });
  const posted = await fetch(`${story.url}/api/ticket-requests/${addressSecret}`, { method: 'POST', body });
  assert.equal(posted.status, 200);
  const [request] = (await go('listTicketRequests')).data.items;
  assert.ok(request);
  const answered = await go('answerTicketRequest', request.id, { response: 'allow' });
  assert.equal(answered.data.response, 'allow');
  assert.equal((await go('getTicketRequest', request.id)).data.by, answered.data.by);
}
