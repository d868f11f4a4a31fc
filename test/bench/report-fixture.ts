/**
 * Synthetic session reports for measuring: the shape of a real one, invented content. About 17 KB and 40 events a
 * session; one person in eight has a name outside ASCII.
 */
const NAMES = [
  'Rosa Imai',
  'Pat Quill',
  'Jon Berg',
  'Sam Poe',
  'Ada Oduya',
  'Lee Fox',
  'Kim Roy',
  'Zoë Ångström',
];

export const REPORT_HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<session_list xmlns="http://www.beyondtrust.com/sra/namespaces/API/reporting" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n';
export const REPORT_TAIL = '</session_list>\n';

export function sessionXml(number: number): string {
  const lsid = number.toString(16).padStart(32, '0');
  const start = 1_760_000_400 + number * 7;
  const customer = NAMES[number % NAMES.length] ?? '';
  const representative = NAMES[(number * 3 + 1) % NAMES.length] ?? '';
  const url = `https://support.example.com/session_download?lsid=l%3D${lsid}%3Bh%3D0f1e2d3c4b5a69788796a5b4c3d2e1f001020304%3Bt%3Dsd%3Bm%3Dchat&amp;dl_action=chat`;
  const events: string[] = [];
  for (let i = 0; i < 40; i++) events.push(eventXml(i, start + i * 9, customer, representative));
  return `<session lsid="${lsid}">
    <session_type>support</session_type>
    <lseq>${900 + number}</lseq>
    <start_time timestamp="${start}">2025-10-09T09:00:00+00:00</start_time>
    <end_time timestamp="${start + 754}">2025-10-09T09:12:34+00:00</end_time>
    <duration>00:12:34</duration>
    <public_site id="1">Default</public_site>
    <external_key>INC00${98000 + number}</external_key>
    <custom_attributes>
        <custom_attribute display_name="Floor &amp; Room" code_name="floor">${number % 40}</custom_attribute>
    </custom_attributes>
    <session_chat_view_url>${url}&amp;view=1</session_chat_view_url>
    <session_chat_download_url>${url}</session_chat_download_url>
    <session_recording_view_url>https://support.example.com/session_view?lsid=${lsid}</session_recording_view_url>
    <session_recording_download_url>https://support.example.com/recording?lsid=${lsid}</session_recording_download_url>
    <file_transfer_count>1</file_transfer_count>
    <file_move_count>0</file_move_count>
    <file_delete_count>0</file_delete_count>
    <primary_customer gsnumber="302">${customer}</primary_customer>
    <primary_rep gsnumber="301" id="5">${representative}</primary_rep>
    <customer_list>
        <customer gsnumber="302">
            <username>${customer}</username>
            <public_ip>203.0.113.77:49152</public_ip>
            <private_ip>192.168.40.15</private_ip>
            <hostname>PC-${number}</hostname>
            <os>Windows 11 Pro</os>
            <primary_cust>1</primary_cust>
        </customer>
    </customer_list>
    <rep_list>
        <representative gsnumber="301" id="5">
            <username>rep${number % 30}</username>
            <display_name>${representative}</display_name>
            <public_ip>[2001:db8::31]:50555</public_ip>
            <private_ip>192.168.2.31</private_ip>
            <hostname>DESK-31</hostname>
            <os>Windows 11 Pro</os>
            <session_owner>1</session_owner>
            <primary_rep>1</primary_rep>
            <seconds_involved>754</seconds_involved>
        </representative>
    </rep_list>
    <session_details>
${events.join('')}    </session_details>
</session>
`;
}

function eventXml(i: number, time: number, customer: string, representative: string): string {
  const by = `            <performed_by type="representative" gsnumber="301">${representative}</performed_by>
            <destination type="customer" gsnumber="302">${customer}</destination>
`;
  const open = (type: string) => `        <event timestamp="${time}" event_type="${type}">\n${by}`;
  const close = '        </event>\n';
  switch (i % 4) {
    case 0:
      return `${open('Chat Message')}            <body>Please restart the service &lt;spooler&gt; &amp; tell me what it says (${i}).</body>\n${close}`;
    case 1:
      return `${open('File Download')}            <data>
                <value name="filename" value="D:\\backup\\quarter-${i}.bak" />
                <value name="filesize" value="${3_229_000 + i}" />
            </data>
${close}`;
    case 2:
      return `${open('Session Foreground Window Changed')}            <data>
                <value name="exeName" value="C:\\Windows\\regedit.exe" />
                <value name="windowName" value="Registry Editor &quot;${i}&quot;" />
            </data>
${close}`;
    default:
      return `        <event timestamp="${time}" event_type="Session Note Added">\n\n        </event>\n`;
  }
}

/** Chunks of a report of about `bytes` bytes, made as they are asked for. */
export async function* reportChunks(bytes: number, chunkSize = 64 * 1024): AsyncGenerator<Uint8Array> {
  let waiting = Buffer.from(REPORT_HEAD);
  let made = waiting.length;
  for (let number = 0; made < bytes; number++) {
    const session = Buffer.from(sessionXml(number));
    made += session.length;
    waiting = Buffer.concat([waiting, session]);
    while (waiting.length >= chunkSize) {
      yield waiting.subarray(0, chunkSize);
      waiting = waiting.subarray(chunkSize);
    }
  }
  yield Buffer.concat([waiting, Buffer.from(REPORT_TAIL)]);
}
