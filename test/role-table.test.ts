import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyAudit } from '../shared/access/audit-verify.ts';
import { mayAs, type Role, roles } from '../shared/access/roles.ts';
import { createApi } from '../shared/api/app.ts';
import { auditKind } from '../shared/api/audit-work.ts';
import type { Operation } from '../shared/api/operation.ts';
import { operations } from '../shared/api/operations.ts';
import { saveSettings } from '../shared/settings/settings-store.ts';
import { claimsAt, signed, startKeyServer, startTenant } from './support/entra.ts';
import { MemoryState } from './support/memory-state.ts';
import { makeWorkbench } from './support/workbench.ts';

/** Every operation of the API and the least role that it asks for. Who adds one says here who may. */
const table: Readonly<Record<string, Role>> = {
  listRuns: 'Reader',
  getRun: 'Reader',
  getRunLog: 'Reader',
  cancelRun: 'Operator',
  startPull: 'Operator',
  getPull: 'Reader',
  cancelPull: 'Operator',
  createImport: 'Operator',
  listImports: 'Reader',
  getImport: 'Reader',
  putImportPart: 'Operator',
  startImport: 'Operator',
  cancelImport: 'Operator',
  listImportFaults: 'Reader',
  deleteImport: 'Operator',
  listLedger: 'Reader',
  retryLedger: 'Operator',
  listCoverage: 'Reader',
  startReconciliation: 'Operator',
  listReconciliations: 'Reader',
  getReconciliation: 'Reader',
  listSites: 'Reader',
  getSite: 'Reader',
  addSite: 'Administrator',
  putSite: 'Administrator',
  deleteSite: 'Administrator',
  testSite: 'Operator',
  testSiteDraft: 'Administrator',
  listDestinations: 'Reader',
  getDestination: 'Reader',
  addDestination: 'Administrator',
  putDestination: 'Administrator',
  deleteDestination: 'Administrator',
  testDestination: 'Operator',
  testDestinationDraft: 'Administrator',
  listSchedules: 'Reader',
  getSchedule: 'Reader',
  pauseSchedule: 'Operator',
  resumeSchedule: 'Operator',
  runSchedule: 'Operator',
  getScheduleSettings: 'Reader',
  addSchedule: 'Administrator',
  putSchedule: 'Administrator',
  deleteSchedule: 'Administrator',
  getScheduler: 'Reader',
  startScheduler: 'Administrator',
  stopScheduler: 'Administrator',
  reportSessions: 'EvidenceViewer',
  reportSessionListing: 'Reader',
  reportSessionSummary: 'EvidenceViewer',
  reportPresentations: 'EvidenceViewer',
  reportPresentationListing: 'Reader',
  reportTeamActivity: 'EvidenceViewer',
  reportVaultAccountActivity: 'EvidenceViewer',
  reportCustomerSurveys: 'EvidenceViewer',
  reportRepresentativeSurveys: 'EvidenceViewer',
  reportLicenseUsage: 'Reader',
  reportArchiveListing: 'Reader',
  reportArchive: 'EvidenceViewer',
  reportEndpointLicenseUsage: 'EvidenceViewer',
  reportSyslog: 'EvidenceViewer',
  reportJumpItems: 'EvidenceViewer',
  getSettings: 'Reader',
  putSettings: 'Administrator',
  listSettingsVersions: 'Reader',
  getSettingsVersion: 'Reader',
  restoreSettingsVersion: 'Administrator',
  exportSettings: 'Reader',
  importSettings: 'Administrator',
  listSecrets: 'Reader',
  putSecret: 'Administrator',
  getNotifications: 'Reader',
  testNotifications: 'Administrator',
  findSessions: 'Reader',
  getSession: 'Reader',
  listFiles: 'Reader',
  getFile: 'Reader',
  getFileContent: 'EvidenceViewer',
  getLog: 'Reader',
  listAudit: 'Administrator',
  verifyAudit: 'Administrator',
  commandGetApiInfo: 'Operator',
  commandCheckHealth: 'Operator',
  commandGetAppliances: 'Operator',
  commandSetFailoverRole: 'Administrator',
  commandGetLoggedInReps: 'Operator',
  commandSetRepStatus: 'Administrator',
  commandLogoutRep: 'Administrator',
  commandGetSupportTeams: 'Operator',
  commandGetConnectedClientList: 'Operator',
  commandGetConnectedClients: 'Operator',
  commandGenerateSessionKey: 'Administrator',
  commandCreateVirtualCustomer: 'Administrator',
  commandSendChatMessage: 'Administrator',
  commandJoinSession: 'Administrator',
  commandLeaveSession: 'Administrator',
  commandTransferSession: 'Administrator',
  commandTerminateSession: 'Administrator',
  commandGetSessionAttributes: 'Operator',
  commandSetSessionAttributes: 'Administrator',
  commandImportJumpShortcut: 'Administrator',
  scriptLogin: 'Operator',
  scriptStartJumpItemSession: 'Operator',
  scriptStartPinnedClientSession: 'Operator',
  scriptPushAndStartLocal: 'Operator',
  scriptPushAndStartRemote: 'Operator',
  scriptStartShellJumpSession: 'Operator',
  scriptStartRdpSession: 'Operator',
  scriptStartVncSession: 'Operator',
  scriptStartVproSession: 'Operator',
  scriptGenerateSessionKey: 'Operator',
  makeScriptFile: 'Operator',
  listTicketRequests: 'Reader',
  getTicketRequest: 'Reader',
  answerTicketRequest: 'Operator',
  getOpenApi: 'Reader',
  getDocs: 'Reader',
};

/** What is no operation: the liveness check alone. */
const unguarded = ['GET /api/health'];

const { key, access: accessOf } = await startTenant();

test('the table has a row for every operation, and no other', () => {
  assert.deepEqual(Object.fromEntries(operations.map(({ id, role }) => [id, role])), table);
  assert.equal(new Set(operations.map(({ id }) => id)).size, operations.length, 'ids are unique');
});

test('every route is an operation', () => {
  const mounted = createApi()
    .routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path}`);
  const listed = operations.map(
    ({ method, path }) => `${method.toUpperCase()} /api${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
  );
  assert.deepEqual(mounted.toSorted(), [...listed, ...unguarded].toSorted());
});

test('a Reader can change nothing and download nothing', () => {
  for (const operation of operations.filter(({ role }) => role === 'Reader'))
    assert.deepEqual([operation.id, operation.method, auditKind(operation)], [operation.id, 'get', 'none']);
});

test('stored content is for Evidence Viewers alone, and nothing else is', () => {
  for (const operation of operations)
    assert.equal(auditKind(operation) === 'download', operation.role === 'EvidenceViewer', operation.id);
});

function requestOf({ method, path, body, rawBody }: Operation, token: string | undefined): Request {
  return new Request(`http://127.0.0.1/api${path.replaceAll(/\{\w+\}/g, 'x')}`, {
    method: method.toUpperCase(),
    headers: {
      'content-type': rawBody?.contentType ?? 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    // Well-formed, and nothing that anybody takes.
    ...(body || rawBody ? { body: '"nonsense"' } : {}),
  });
}

test('every route refuses nobody, people without a role and every role that is too little, and lets in the others', async (t) => {
  const state = new MemoryState();
  const bench = makeWorkbench(t, { state });
  await saveSettings(state, bench.settings);
  const access = accessOf();
  const starter = { start: async () => {}, isGoing: async () => false };
  const api = createApi();
  const ask = async (operation: Operation, token: string | undefined) => {
    const answer = await api.fetch(requestOf(operation, token), {
      services: bench.services,
      starter,
      reconciler: starter,
      authenticate: (headers) => access.authenticate(headers),
    });
    const text = await answer.text();
    const code = answer.headers.get('content-type')?.includes('problem') ? JSON.parse(text).code : undefined;
    return { status: answer.status, code, challenge: answer.headers.get('www-authenticate') };
  };
  const tokenFor = (held: readonly string[]) => signed(key, claimsAt(Date.now(), { roles: held }));
  const nobodys = await tokenFor(['Auditor']);
  const tokens = new Map<Role, string>();
  for (const role of roles) tokens.set(role, await tokenFor([role]));
  for (const operation of operations) {
    const least = table[operation.id] ?? assert.fail(operation.id);
    for (const token of [undefined, 'x.y.z'])
      assert.deepEqual(
        await ask(operation, token),
        { status: 401, code: 'unauthenticated', challenge: 'Bearer' },
        operation.id,
      );
    assert.deepEqual(
      await ask(operation, nobodys),
      { status: 403, code: 'forbidden', challenge: null },
      operation.id,
    );
    for (const [role, token] of tokens) {
      const { status, code } = await ask(operation, token);
      const said = `${operation.id} as ${role}: ${status} ${code}`;
      if (mayAs([role], least)) assert.ok(![401, 403, 500].includes(status), said);
      else assert.deepEqual([status, code], [403, 'forbidden'], said);
    }
  }
  assert.deepEqual((await verifyAudit(state)).breaks, []);
});

test('while the keys of Entra ID cannot be had the API answers 503, and the liveness check 200', async (t) => {
  const gone = await startKeyServer(key);
  await gone.close();
  const access = accessOf({ keysAt: gone.url });
  const { services } = makeWorkbench(t, { state: new MemoryState() });
  const starter = { start: async () => {}, isGoing: async () => false };
  const headers = { authorization: `Bearer ${await signed(key, claimsAt(Date.now()))}` };
  const ask = (path: string) =>
    createApi().fetch(new Request(`http://127.0.0.1/api${path}`, { headers }), {
      services,
      starter,
      authenticate: (sent) => access.authenticate(sent),
    });
  const answer = await ask('/runs');
  assert.deepEqual(
    [answer.status, ((await answer.json()) as { code: string }).code],
    [503, 'entra-keys-unavailable'],
  );
  assert.equal((await ask('/health')).status, 200);
});

test('roles include what they are said to, and no other', () => {
  const held = Object.fromEntries(roles.map((role) => [role, roles.filter((asked) => mayAs([role], asked))]));
  assert.deepEqual(held, {
    Reader: ['Reader'],
    EvidenceViewer: ['Reader', 'EvidenceViewer'],
    Operator: ['Reader', 'Operator'],
    Administrator: ['Reader', 'Operator', 'Administrator'],
  });
});
