import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, inReport, readAll, readOne } from './report-reader-support.ts';

const LSID = '3f9c2a7b5d814e60a1c2d3e4f5061728';
const withEvents = (events: string) =>
  `<session lsid="${LSID}"><session_details>${events}</session_details></session>`;

const CLOSED = `<session lsid="${LSID}">
  <session_type>support</session_type>
  <lseq>4711</lseq>
  <start_time timestamp="1760000400">2025-10-09T09:00:00+00:00</start_time>
  <end_time timestamp="1760090461">2025-10-10T10:01:01+00:00</end_time>
  <duration>25:01:01</duration>
  <jumpoint id="-1"></jumpoint>
  <public_site id="1">Default</public_site>
  <external_key></external_key>
  <custom_attributes>
    <custom_attribute display_name="Cost &amp; Centre" code_name="cost">R&amp;D &lt;north&gt;</custom_attribute>
    <custom_attribute display_name="Empty" code_name="empty"/>
  </custom_attributes>
  <session_recording_download_url>https://a.example/r</session_recording_download_url>
  <command_shell_recordings>
    <command_shell_recording instance="0"><download_url>u</download_url></command_shell_recording>
    <command_shell_recording instance="3"><download_url>u</download_url></command_shell_recording>
  </command_shell_recordings>
  <show_my_screen_recordings><show_my_screen_recording instance="1"/></show_my_screen_recordings>
  <file_transfer_count>2</file_transfer_count>
  <file_move_count>0</file_move_count>
  <primary_customer gsnumber="52">SQL-NODE-07</primary_customer>
  <jump_group type="personal" id="17">Mei Lindqvist</jump_group>
  <primary_rep gsnumber="51" id="17">Mei Lindqvist</primary_rep>
  <primary_team id="2">Service Desk</primary_team>
  <customer_list><customer gsnumber="52">
    <username>SQL-NODE-07</username><public_ip>203.0.113.20:61606</public_ip><os>Unknown</os><primary_cust>1</primary_cust>
    <info><name>Pat</name><company>Example GmbH</company><company_code>EX</company_code><issue>3</issue><details>a "b" &amp; c</details></info>
  </customer></customer_list>
  <rep_list>
    <representative gsnumber="51" id="17"><username>mei</username><display_name>Mei</display_name>
      <public_display_name>M</public_display_name><private_display_name>Mei L</private_display_name>
      <public_ip>[2001:db8:4f::9d]:56722</public_ip><private_ip>Unknown</private_ip><hostname>H</hostname><os>macOS</os>
      <session_owner>1</session_owner><primary_rep>0</primary_rep><seconds_involved>1240</seconds_involved></representative>
    <representative gsnumber="60" id="17"><username>mei</username><invited>1</invited><seconds_involved>1e3</seconds_involved></representative>
  </rep_list>
  <team_list><team id="2"><name>Service Desk</name><primary_team>1</primary_team></team></team_list>
</session>`;

test('a session is read by name into the model', async () => {
  const { session } = await readOne(CLOSED);
  assert.deepEqual(session, {
    lsid: LSID,
    type: 'support',
    lseq: '4711',
    startTime: 1760000400,
    endTime: 1760090461,
    duration: '25:01:01',
    jumpoint: { id: '-1', name: '' },
    publicSite: { id: '1', name: 'Default' },
    jumpGroup: { id: '17', name: 'Mei Lindqvist', type: 'personal' },
    externalKey: '',
    customAttributes: [
      { displayName: 'Cost & Centre', codeName: 'cost', value: 'R&D <north>' },
      { displayName: 'Empty', codeName: 'empty', value: '' },
    ],
    fileTransferCount: 2,
    fileMoveCount: 0,
    fileDeleteCount: null,
    primaryCustomer: { gsNumber: '52', name: 'SQL-NODE-07' },
    primaryRepresentative: { gsNumber: '51', id: '17', name: 'Mei Lindqvist' },
    primaryTeam: { id: '2', name: 'Service Desk' },
    customers: [
      {
        gsNumber: '52',
        userName: 'SQL-NODE-07',
        publicIp: '203.0.113.20:61606',
        privateIp: null,
        hostName: null,
        operatingSystem: 'Unknown',
        isPrimary: true,
        name: 'Pat',
        issue: '3',
        issueDescription: 'a "b" & c',
        companyName: 'Example GmbH',
        companyCode: 'EX',
      },
    ],
    representatives: [
      {
        gsNumber: '51',
        userId: '17',
        userName: 'mei',
        displayName: 'Mei',
        publicDisplayName: 'M',
        privateDisplayName: 'Mei L',
        publicIp: '[2001:db8:4f::9d]:56722',
        privateIp: 'Unknown',
        hostName: 'H',
        operatingSystem: 'macOS',
        isOwner: true,
        isPrimary: false,
        isInvited: null,
        secondsInvolved: 1240,
      },
      {
        gsNumber: '60',
        userId: '17',
        userName: 'mei',
        displayName: null,
        publicDisplayName: null,
        privateDisplayName: null,
        publicIp: null,
        privateIp: null,
        hostName: null,
        operatingSystem: null,
        isOwner: null,
        isPrimary: null,
        isInvited: true,
        secondsInvolved: null,
      },
    ],
    teams: [{ id: '2', name: 'Service Desk', isPrimary: true }],
    events: [],
    recordings: { session: true, commandShell: [0, 3], showMyScreen: [1] },
  });
});

test('a bare session gives nulls and empty lists, not guesses', async () => {
  const { session } = await readOne(`<session lsid="${LSID}"/>`);
  assert.equal(session.externalKey, null);
  assert.equal(session.startTime, null);
  assert.deepEqual(session.events, []);
  assert.deepEqual(session.recordings, { session: false, commandShell: [], showMyScreen: [] });
});

test('an end time that is empty, blank or zero means the session has not ended', async () => {
  for (const end of [
    '<end_time></end_time>',
    '<end_time/>',
    '<end_time timestamp=""> \n </end_time>',
    '<end_time timestamp="0"/>',
  ]) {
    assert.equal((await readOne(`<session lsid="${LSID}">${end}</session>`)).session.endTime, null, end);
  }
});

test('times without a usable timestamp come from the ISO text, numbers are strict', async () => {
  const { session } = await readOne(
    `<session lsid="${LSID}"><start_time timestamp="0x1F">2025-10-09T11:00:00+02:00</start_time><end_time>2025-10-09T09:21:05Z</end_time><file_move_count>0x1F</file_move_count><file_delete_count>1e2</file_delete_count><file_transfer_count> 7 </file_transfer_count></session>`,
  );
  assert.equal(session.startTime, 1760000400);
  assert.equal(session.endTime, 1760001665);
  assert.equal(session.fileMoveCount, null);
  assert.equal(session.fileDeleteCount, null);
  assert.equal(session.fileTransferCount, 7);
});

test('event data: values first, then body, encoded body, file name and size, then files', async () => {
  const { session } = await readOne(
    withEvents(`<event timestamp="1760000401" event_type="All">
      <files><file name="a.txt" size="0"/><file><name>b.txt</name><size>9</size></file><file>c.txt</file></files>
      <filesize>12</filesize><filename>one.zip</filename>
      <encoded_body>AGJp\r\n bmFy
        eQ==</encoded_body>
      <data><value name="x" value="1 &amp; 2"/><value name="y">text</value></data>
      <body> two  spaces </body>
      <data><value name="x" value="again"/></data>
      <performed_by type="representative" gsnumber="51">Mei</performed_by>
      <destination type="everyone" gsnumber="0">Everyone</destination>
    </event>`),
  );
  assert.deepEqual(session.events, [
    {
      type: 'All',
      time: 1760000401,
      performedBy: { type: 'representative', gsNumber: '51', name: 'Mei' },
      destination: { type: 'everyone', gsNumber: '0', name: 'Everyone' },
      data: [
        ['x', '1 & 2'],
        ['y', 'text'],
        ['x', 'again'],
        ['body', ' two  spaces '],
        ['encoded_body', 'AGJpbmFyeQ=='],
        ['filename', 'one.zip'],
        ['filesize', '12'],
        ['file', 'a.txt'],
        ['file_size', '0'],
        ['file', 'b.txt'],
        ['file_size', '9'],
        ['file', 'c.txt'],
      ],
      systemInformation: [],
    },
  ]);
});

test('events without children, with blank content, and of unknown types are kept', async () => {
  const { session } = await readOne(
    withEvents(
      '<event timestamp="1" event_type="Session Start">\n\n</event><event event_type="Brand New"/><event/>',
    ),
  );
  assert.deepEqual(
    session.events.map(({ type, time, performedBy }) => [type, time, performedBy]),
    [
      ['Session Start', 1, null],
      ['Brand New', null, null],
      [null, null, null],
    ],
  );
});

test('system information keeps the category content as sent', async () => {
  const inner =
    '\n <description><field name="d">Drive</field></description><data><row><field>C:\\ &amp; "x"</field></row></data>';
  const { session } = await readOne(
    withEvents(
      `<event><system_information><category name="Drives">${inner}</category><category name="None"/><category></category ></system_information></event>`,
    ),
  );
  assert.deepEqual(session.events[0]?.systemInformation, [
    { category: 'Drives', information: inner },
    { category: 'None', information: '' },
    { category: null, information: '' },
  ]);
});

test('any namespace, any prefix and none give the same model', async () => {
  const plain = await readOne(CLOSED);
  for (const namespace of [
    'http://www.beyondtrust.com/sra/namespaces/API/reporting',
    'https://www.beyondtrust.com/namespaces/API/reporting',
    'http://www.bomgar.com/namespaces/API/reporting',
    '',
  ]) {
    const declared = namespace === '' ? '' : ` xmlns="${namespace}"`;
    const { readings } = await readAll(`<session_list${declared}>${CLOSED}</session_list>`);
    assert.deepEqual(readings[0]?.session, plain.session);
    assert.equal(readings[0]?.hash, plain.hash);
  }
  const prefixed = CLOSED.replace(/<(\/?)(\w)/g, '<$1bt:$2');
  const { readings, root } = await readAll(`<bt:session_list xmlns:bt="urn:x">${prefixed}</bt:session_list>`);
  assert.deepEqual(readings[0]?.session, plain.session);
  assert.equal(readings[0]?.hash, plain.hash);
  assert.deepEqual(root, { name: 'bt:session_list', startTag: '<bt:session_list xmlns:bt="urn:x">' });
});

test('unknown elements are not in the model but in the bytes and in the hash', async () => {
  const plain = await readOne(`<session lsid="${LSID}"><lseq>1</lseq></session>`);
  const sent = `<session lsid="${LSID}"><lseq>1</lseq><vault><session lsid="inner"><lseq>9</lseq></session></vault></session>`;
  const more = await readOne(sent);
  assert.deepEqual(more.session, plain.session);
  assert.equal(more.xml, sent);
  assert.notEqual(more.hash, plain.hash);
});

test('names that mean something to JavaScript are harmless', async () => {
  const { session } = await readOne(
    `<session lsid="${LSID}" __proto__="a" constructor="b"><__proto__><lseq>7</lseq></__proto__><constructor toString="x">y</constructor><session_details><event><data><value name="__proto__" value="polluted"/></data></event></session_details></session>`,
  );
  assert.equal(session.lseq, null);
  assert.deepEqual(session.events[0]?.data, [['__proto__', 'polluted']]);
  assert.equal((Object.prototype as Record<string, unknown>).polluted, undefined);
});

test('sessions come in document order, duplicates of lseq and lsid included', async () => {
  const { readings } = await readAll(
    inReport('<session lsid="b"/>', '<session lsid="a"/>', '<session lsid="b"/>'),
  );
  assert.deepEqual(
    readings.map(({ session }) => session.lsid),
    ['b', 'a', 'b'],
  );
});

test('a session without lsid fails the report instead of being lost', async () => {
  await fails(inReport('<session/>'), 'unexpected-document');
  await fails(inReport('<session lsid=" "/>'), 'unexpected-document');
});

test('a session in an unknown place fails the report instead of being lost', async () => {
  await fails('<session_list><page><session lsid="a"/></page></session_list>', 'unexpected-document');
});
