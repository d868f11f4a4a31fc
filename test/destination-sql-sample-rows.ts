/**
 * The rows of the two sample documents, written by hand from the guides' tables and the documents' text. `ids` are not
 * here: rows stand in document order. A row of data stands with the number of its event, counted from 0.
 */
type Texts = readonly (string | number | null)[];
export interface SampleRows {
  /** Columns of `session` from `lsid` on, as the guide orders them. */
  readonly session: readonly Texts[];
  /** session (from 0), type, event_time, performed_by, performed_by_type, destination, destination_type */
  readonly session_event: readonly Texts[];
  /** event (from 0 over all sessions), name, value */
  readonly session_event_data: readonly Texts[];
  /** session, then columns of `representative` without keys, as the guide orders them */
  readonly representative: readonly Texts[];
  readonly customer: readonly Texts[];
  /** session, team_id, name, is_primary */
  readonly team: readonly Texts[];
  /** session, display_name, code_name, value */
  readonly custom_attribute: readonly Texts[];
}

const mei = ['Mei Lindqvist', 'representative'] as const;
const node = ['SQL-NODE-07', 'customer'] as const;
const product = ['Privileged Remote Access', 'system'] as const;
const everyone = ['Everyone', 'everyone'] as const;
const none = [null, null] as const;
const day = (time: string) => `2025-10-09 ${time}`;

export const praSample: SampleRows = {
  session: [
    [
      '3f9c2a7b5d814e60a1c2d3e4f5061728',
      'support',
      day('09:00:00'),
      day('09:21:05'),
      '00:21:05',
      2,
      'access.example.com',
      'CHG0031337',
      1,
      'Default',
      4711,
      9,
      'Database Servers',
      'shared',
    ],
  ],
  session_event: [
    [0, 'Session Start', day('09:00:00'), ...none, ...none],
    [0, 'Conference Owner Changed', day('09:00:00'), ...none, 'Pre-start Conference', 'system'],
    [0, 'Conference Member Added', day('09:00:01'), ...mei, ...none],
    [0, 'Conference Member Added', day('09:00:02'), ...node, ...none],
    [0, 'Conference Member State Changed', day('09:00:03'), ...node, ...none],
    [0, 'Chat Message', day('09:00:04'), ...product, ...everyone],
    [0, 'System Information Retrieved', day('09:00:09'), ...mei, ...none],
    [0, 'Credential Injection Attempt', day('09:00:20'), ...mei, ...none],
    [0, 'Credential Injection Attempt Failed', day('09:00:21'), ...product, ...none],
    [0, 'Command Shell Session Started', day('09:01:00'), ...mei, ...node],
    [0, 'Remote Shell Event', day('09:01:15'), ...product, ...none],
    [0, 'File Download', day('09:02:00'), ...node, ...mei],
    [0, 'File Transfer Complete', day('09:02:01'), ...node, ...mei],
    [0, 'File Moved', day('09:03:20'), ...mei, ...node],
    [0, 'Registry Value Modified', day('09:03:50'), ...mei, ...node],
    [0, 'Session Foreground Window Changed', day('09:04:20'), ...product, ...none],
    [0, 'Chat Message', day('09:05:00'), 'Kato (vendor)', 'representative', ...everyone],
    [0, 'Conference Member Departed', day('09:21:05'), ...node, ...none],
    [0, 'Session End', day('09:21:05'), ...none, ...none],
  ],
  session_event_data: [
    [1, 'owner', 'Pre-start Conference'],
    [2, 'private_name', 'Mei Lindqvist'],
    [2, 'username', 'mlindqvist'],
    [2, 'private_ip', 'Unknown'],
    [2, 'public_ip', '[2001:db8:4f::9d]:56722'],
    [2, 'os', 'Unknown'],
    [2, 'user_id', '17'],
    [3, 'name', 'SQL-NODE-07'],
    [3, 'private_ip', '10.20.0.7'],
    [3, 'public_ip', '203.0.113.20:61606'],
    [3, 'hostname', 'SQLNODE07'],
    [3, 'os', 'Windows Server 2022 Datacenter (21H2)'],
    [4, 'state', 'connected'],
    [5, 'body', 'Mei can now view and control the endpoint.'],
    [7, 'attempt_id', '1'],
    [7, 'credential_id', '88'],
    [7, 'credential_name', 'EXAMPLE\\svc-dba'],
    [8, 'attempt_id', '1'],
    [8, 'failure_reason', 'The endpoint rejected the credential.'],
    [9, 'instance', '0'],
    [10, 'text', 'dir "D:\\backup" & whoami'],
    [11, 'filename', 'D:\\backup\\q3-øre.bak'],
    [11, 'filesize', '3229469'],
    [12, 'filename', 'D:\\backup\\q3-øre.bak'],
    [12, 'sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [13, 'old_path', 'D:\\a.txt'],
    [13, 'new_path', 'D:\\b.txt'],
    [14, 'key_path', 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Example'],
    [14, 'value_name', 'Mode'],
    [14, 'value_type', 'REG_SZ'],
    [14, 'value_data_old', '1'],
    [14, 'value_data_new', '2'],
    [15, 'exeName', 'C:\\Windows\\regedit.exe'],
    [15, 'windowName', 'Registry Editor'],
    [16, 'encoded_body', 'AGJpbmFyeQECAw=='],
  ],
  representative: [
    [
      0,
      51,
      17,
      'mlindqvist',
      'Mei Lindqvist',
      'Mei',
      null,
      '[2001:db8:4f::9d]:56722',
      'Unknown',
      1,
      1,
      1240,
      null,
      'Unknown',
    ],
    [
      0,
      60,
      17,
      'mlindqvist',
      'Mei Lindqvist',
      'Mei',
      null,
      '198.51.100.44:40112',
      '192.168.8.4',
      0,
      0,
      0,
      'LT-MEI',
      'Windows 11 Enterprise',
    ],
    [
      0,
      61,
      204,
      'vendor.kato',
      'Kato (vendor)',
      null,
      null,
      '198.51.100.90:50001',
      '172.16.0.12',
      0,
      0,
      300,
      'KATO-PC',
      'macOS 15.1',
    ],
  ],
  customer: [
    [
      0,
      52,
      null,
      null,
      'SQL-NODE-07',
      null,
      null,
      '203.0.113.20:61606',
      '10.20.0.7',
      null,
      'SQLNODE07',
      'Windows Server 2022 Datacenter (21H2)',
    ],
  ],
  team: [],
  custom_attribute: [
    [0, 'Change Window', 'change_window', 'Sat 02:00'],
    [0, 'Cost & Centre', 'cost_centre', 'R&D <north>'],
  ],
};

const rosa = ['Rosa Imai', 'representative'] as const;
const support = ['Remote Support', 'system'] as const;
const rsPerson = (session: number, seconds: number) => [
  session,
  301,
  5,
  'rimai',
  'Rosa Imai (Desk 2)',
  'Rosa',
  null,
  '198.51.100.31:50555',
  '192.168.2.31',
  1,
  1,
  seconds,
  'DESK-31',
  'Windows 11 Pro',
];
const rsEndpoint = (session: number, name: string) => [
  session,
  302,
  3,
  'Printer says "PC LOAD LETTER" & stops',
  name,
  'Example GmbH',
  'EX-01',
  '203.0.113.77:49152',
  '192.168.40.15',
  null,
  'PC-4015',
  'Windows 11 Pro',
];
/** The sample's three sessions have the same seven events at other times, by other customers. */
const rsEvents = (session: number, customer: string, times: readonly string[]) => {
  const [start, assigned, agreed, allowed, upload, note, end] = times;
  const person = [customer, 'customer'] as const;
  return [
    [session, 'Session Start', start ?? '', ...none, ...none],
    [session, 'Session Assigned', assigned ?? '', ...support, ...rosa],
    [session, 'Legal Agreement Response', agreed ?? '', ...person, ...none],
    [session, 'Service Access Allowed', allowed ?? '', ...person, ...none],
    [session, 'File Upload', upload ?? '', ...rosa, ...person],
    [session, 'Session Note Added', note ?? '', ...rosa, ...none],
    [session, 'Session End', end ?? '', ...none, ...none],
  ];
};
const rsData = (first: number) => [
  [first + 1, 'priority', '2'],
  [first + 2, 'body', 'Accepted'],
  [first + 3, 'service', 'Screen Sharing'],
  [first + 3, 'level', 'View and Control'],
  [first + 3, 'granted_to', 'Rosa Imai'],
  [first + 4, 'filename', 'driver.zip'],
  [first + 4, 'filesize', '1048576'],
  [first + 5, 'body', 'Reinstalled the driver.'],
];
const rsSession = (
  lsid: string,
  start: string,
  end: string | null,
  duration: string,
  key: string,
  lseq: number,
) => [
  lsid,
  'support',
  start,
  end,
  duration,
  1,
  'support.example.com',
  key,
  1,
  'Default',
  lseq,
  -1,
  '',
  'shared',
];

export const rsSample: SampleRows = {
  session: [
    rsSession(
      'aaaabbbbccccddddeeeeffff00001111',
      day('09:00:00'),
      day('09:12:34'),
      '00:12:34',
      'INC0098900',
      900,
    ),
    rsSession(
      'bbbbccccddddeeeeffff000011112222',
      day('09:12:34'),
      '2025-10-10 10:13:35',
      '25:01:01',
      'INC0098901',
      901,
    ),
    rsSession('ccccddddeeeeffff0000111122223333', day('09:12:34'), null, '00:02:00', 'INC0098901', 901),
  ],
  session_event: [
    ...rsEvents(
      0,
      'Pat Quill',
      ['09:00:00', '09:00:01', '09:00:04', '09:00:30', '09:00:50', '09:00:55', '09:12:34'].map(day),
    ),
    ...rsEvents(1, 'Zoë Ångström', [
      ...['09:12:34', '09:12:35', '09:12:38', '09:13:04', '09:13:24', '09:13:29'].map(day),
      '2025-10-10 10:13:35',
    ]),
    ...rsEvents(
      2,
      'Sam Poe',
      ['09:12:34', '09:12:35', '09:12:38', '09:13:04', '09:13:24', '09:13:29', '09:14:34'].map(day),
    ),
  ],
  session_event_data: [...rsData(0), ...rsData(7), ...rsData(14)],
  representative: [rsPerson(0, 754), rsPerson(1, 90_061), rsPerson(2, 120)],
  customer: [rsEndpoint(0, 'Pat Quill'), rsEndpoint(1, 'Zoë Ångström'), rsEndpoint(2, 'Sam Poe')],
  team: [
    [0, 2, 'Service Desk', 1],
    [1, 2, 'Service Desk', 1],
    [2, 2, 'Service Desk', 1],
  ],
  custom_attribute: [
    [0, 'Floor', 'floor', '0'],
    [1, 'Floor', 'floor', '1'],
    [2, 'Floor', 'floor', '1'],
  ],
};
