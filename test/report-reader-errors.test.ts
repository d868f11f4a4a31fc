import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, inReport, readAll } from './report-reader-support.ts';

const EN = 'No Support report information matching your chosen criteria is available.';
const FR = 'Aucune information de rapport Support correspondant à vos critères n’est disponible.';
const NAMESPACE = ' xmlns="http://www.beyondtrust.com/sra/namespaces/API/reporting"';

test('known ways to say that nothing was found are an empty report', async () => {
  for (const report of [
    `<error${NAMESPACE}>${EN}</error>`,
    `<error>${EN}</error>`,
    `<e:error xmlns:e="u" code="7">\n ${EN}\n</e:error>`,
    `<error><![CDATA[${FR}]]></error>`,
    `<error>${FR.replace('’', "'")}</error>`,
    inReport(`<error>${EN}</error>`),
    '<session_list/>',
    inReport(),
  ]) {
    assert.deepEqual((await readAll(report)).readings, [], report);
  }
});

test('any other error is an error, as root or below it, with attributes, in any namespace and language', async () => {
  const words = 'The search could not be completed.';
  for (const error of [
    `<error${NAMESPACE}>${words}</error>`,
    `<error code="authentication_failed">${words}</error>`,
    `<p:error xmlns:p="u" a="1" b="2">${words}</p:error>`,
    `<error><message>${words}</message></error>`,
  ]) {
    await fails(error, 'appliance-error', {
      words: /The search could not be completed\./,
      kind: 'transient',
    });
    await fails(inReport(error), 'appliance-error', { words: /The search could not be completed\./ });
    await fails(inReport('<session lsid="a"/>', error), 'appliance-error');
  }
  await fails('<error>Die Suche konnte nicht abgeschlossen werden.</error>', 'appliance-error');
  await fails('<error/>', 'appliance-error', { words: /empty error/ });
});

test('a text that only resembles "nothing found" is an error', async () => {
  await fails(`<error>${EN} Please retry, the index is being rebuilt.</error>`, 'appliance-error');
  await fails(
    '<error>No connection matching your chosen criteria is available because of an error.</error>',
    'appliance-error',
  );
});

test('sessions and "nothing found" in one report contradict each other', async () => {
  await fails(inReport('<session lsid="a"/>', `<error>${EN}</error>`), 'unexpected-document');
  await fails(inReport(`<error>${EN}</error>`, '<session lsid="a"/>'), 'unexpected-document');
});

test('an error element within a session is content', async () => {
  const { readings } = await readAll(inReport('<session lsid="a"><error>x</error></session>'));
  assert.equal(readings.length, 1);
});

test('what is shown of an error has no URL, no token and one line', async () => {
  await fails(
    '<error>Failed\n at https://a.example/d?h=0f1e2d3c for 0f1e2d3c4b5a69788796a5b4c3d2e1f001020304</error>',
    'appliance-error',
    { words: /answered: Failed at \[URL\] for \[…\]$/ },
  );
});

test('a cut error document is cut, not an empty report', async () => {
  const report = `<error>${EN}</error>`;
  for (let length = 0; length < report.length; length++) await fails(report.slice(0, length), 'truncated');
});
