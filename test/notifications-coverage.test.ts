import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CoverageNote, notifyOfCoverage } from '../shared/notifications/index.ts';
import { listTroubles } from '../shared/notifications/trouble-store.ts';
import { loadSettings } from '../shared/settings/settings-store.ts';
import { body } from './support/mail-server.ts';
import { HOUR, house } from './support/notifying-house.ts';

test('a gap is reported when it is found and when it is closed; the same reconciliation twice is one', async (t) => {
  const { services, mail, subjects, pass, look, change } = await house(t);
  let made = 0;
  const note = async (message: string | undefined, more: Partial<CoverageNote> = {}) => {
    const { settings } = await loadSettings(services.state);
    const about = {
      what: 'missing',
      siteId: 'site',
      stream: 'session-data',
      destinationId: 'folder',
    } as const;
    const by = { runId: `reconciliation-${made}`, dueAt: new Date(services.now()).toISOString() };
    await notifyOfCoverage(services, settings, [
      { ...about, ...by, ...more, ...(message === undefined ? {} : { message }) },
    ]);
  };
  await note('3 missing, of 2026-01-01.');
  await note('3 missing, of 2026-01-01.');
  assert.deepEqual(subjects(), ['Coverage: Session Data of Site to Folder']);
  assert.match(body(mail.mails[0] ?? assert.fail()), /3 missing, of 2026-01-01/);
  // Looks at the tick leave it open: the settings have the transfer.
  pass(HOUR);
  await look();
  assert.equal((await listTroubles(services.state))[0]?.value.over, undefined);
  pass(24 * HOUR);
  made++;
  await note(undefined);
  assert.deepEqual(subjects().at(-1), 'Over: Coverage: Session Data of Site to Folder');
  assert.equal(subjects().length, 2);

  // Of a site as a whole: open as long as there is the site.
  await notifyOfCoverage(services, (await loadSettings(services.state)).settings, [
    {
      what: 'unchecked',
      siteId: 'site',
      runId: 'r',
      dueAt: new Date(services.now()).toISOString(),
      message: 'Down.',
    },
  ]);
  pass(HOUR);
  await look();
  const ofSite = async () =>
    (await listTroubles(services.state)).find(({ key }) => key === 'gap|unchecked|site')?.value;
  assert.ok(await ofSite());
  assert.equal((await ofSite())?.over, undefined);
  await change((draft) => {
    draft.sites = [];
    draft.schedules = [];
  });
  pass(HOUR);
  await look();
  assert.ok((await ofSite())?.over);
});
