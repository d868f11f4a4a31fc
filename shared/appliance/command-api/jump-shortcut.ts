import { z } from 'zod';
import { defineCommand } from './command.ts';
import { oneOf, text, wholeNumber, yesNo } from './parameters.ts';
import { doneReply, readDone } from './reply-parts.ts';

const name = text('Name of the endpoint, shown in session tabs.', { most: 128 });
const group = text('Code name of the Jump Group. A personal list cannot be given.');
const jumpoint = text('Code name of the Jumpoint through which the endpoint is reached.');
const hostname = text('Host name of the endpoint.', { most: 128 });

const common = {
  group,
  tag: text('Category.', { most: 1024 }).optional(),
  comments: text('Comments.', { most: 1024 }).optional(),
  jump_policy: text('Code name of the Jump Policy.').optional(),
};
const sessionPolicy = { session_policy: text('Code name of the session policy.').optional() };

/** `auto` or a port, then a port; pairs are separated by semicolons (API guide). */
const TUNNEL = /^(auto|\d{1,5})->(\d{1,5})$/;

function isTunnels(value: string): boolean {
  return tunnelsOf(value).every((tunnel) => {
    const [, local = '', remote = ''] = TUNNEL.exec(tunnel) ?? [];
    return (local === 'auto' || isPort(local)) && isPort(remote);
  });
}

const isPort = (digits: string) => Number(digits) >= 1 && Number(digits) <= 65_535;
const tunnelsOf = (value: string) => value.split(';').map((tunnel) => tunnel.replaceAll(/\s+/g, ''));

const localJump = z.strictObject({
  kind: z.literal('local_jump').meta({ title: 'Local Jump' }),
  name,
  local_jump_hostname: hostname,
  ...common,
  ...sessionPolicy,
});

const remoteJump = z.strictObject({
  kind: z.literal('remote_jump').meta({ title: 'Remote Jump' }),
  name,
  remote_jump_hostname: hostname,
  jumpoint,
  ...common,
  ...sessionPolicy,
});

const vnc = z.strictObject({
  kind: z.literal('vnc').meta({ title: 'VNC' }),
  name,
  remote_vnc_hostname: hostname,
  jumpoint,
  port: wholeNumber('Port; default 5900.', 100, 65_535).optional(),
  ...common,
});

const rdp = z.strictObject({
  kind: z.literal('rdp').meta({ title: 'Remote Desktop Protocol' }),
  name,
  remote_rdp_hostname: hostname,
  jumpoint,
  rdp_username: text('User name to sign in with.').optional(),
  domain: text('Domain of the endpoint.').optional(),
  display_size: text('primary (default), all, or WIDTHxHEIGHT.', {
    pattern: [/^(primary|all|[1-9]\d{1,4}x[1-9]\d{1,4})$/, 'give primary, all, or WIDTHxHEIGHT'],
  }).optional(),
  quality: oneOf(
    'low: 2-bit grey. best_perf: 8-bit colour (default). perf_and_qual: 16-bit. best_qual: 32-bit. video_opt: VP9.',
    ['low', 'best_perf', 'perf_and_qual', 'best_qual', 'video_opt'],
  ).optional(),
  console: yesNo('1: a console session. 0: a new session (default).').optional(),
  ignore_untrusted: yesNo('1: certificate warnings are ignored. 0: they are shown.').optional(),
  sql_server_hostname: text('Host of the SQL Server, for Management Studio.', { most: 64 }).optional(),
  sql_server_port: wholeNumber('Port of the SQL Server; default 1433.', 1, 65_535).optional(),
  sql_server_database: text('Name of the database.', { most: 520 }).optional(),
  custom_app_name: text('Name of the remote application.', { most: 520 }).optional(),
  custom_app_params: text('Its parameters, separated by spaces; double quotes keep spaces.', {
    most: 16_000,
  }).optional(),
  ...common,
  ...sessionPolicy,
});

const shellJump = z.strictObject({
  kind: z.literal('shell_jump').meta({ title: 'Shell Jump' }),
  name,
  shelljump_hostname: hostname,
  jumpoint,
  protocol: oneOf('Protocol.', ['ssh', 'telnet']),
  shelljump_username: text('User name to sign in with.').optional(),
  port: wholeNumber('Port; default 22 for ssh, 23 for telnet.', 1, 65_535).optional(),
  // The table writes VT100, the example and the client scripting vt100.
  terminal: oneOf('Terminal; default xterm.', ['xterm', 'vt100', 'VT100'])
    .transform((terminal) => (terminal === 'VT100' ? 'vt100' : terminal))
    .optional(),
  keep_alive: wholeNumber(
    'Seconds between packets that keep an idle session; 0: none (default).',
    0,
    300,
  ).optional(),
  ...common,
  ...sessionPolicy,
});

const protocolTunnel = z.strictObject({
  kind: z.literal('protocol_tunnel').meta({ title: 'Protocol Tunnel Jump' }),
  name,
  protocol_tunnel_hostname: hostname,
  jumpoint,
  tcp_tunnels: text(
    'LOCAL->REMOTE ports, separated by semicolons; LOCAL may be auto. Example: auto->22;3306->3306',
  )
    .refine(
      isTunnels,
      'give LOCAL->REMOTE ports from 1 to 65535 (LOCAL may be auto), separated by semicolons',
    )
    .transform((value) => tunnelsOf(value).join(';')),
  local_address: text('Address within 127.x.x.x; default 127.0.0.1.', {
    pattern: [/^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/, 'give an address within 127.x.x.x'],
  }).optional(),
  ...common,
});

const webJump = z.strictObject({
  kind: z.literal('web_jump').meta({ title: 'Web Jump' }),
  website_name: name,
  url: text('URL of the site, with http:// or https://.', {
    pattern: [/^https?:\/\/\S+$/i, 'begins with http:// or https://'],
  }),
  jumpoint,
  verify_certificate: yesNo(
    '1: the certificate is checked before the session starts. 0: it is not.',
  ).optional(),
  ...common,
  ...sessionPolicy,
});

/** `kind` tells the seven apart and is not sent: the appliance tells by the parameters. */
export const jumpShortcut = z.discriminatedUnion('kind', [
  localJump,
  remoteJump,
  vnc,
  rdp,
  shellJump,
  protocolTunnel,
  webJump,
]);

export const importJumpShortcut = defineCommand({
  name: 'import_jump_shortcut',
  title: 'Import a Jump shortcut',
  description: 'Creates a Jump shortcut of one of seven kinds.',
  products: ['RS', 'PRA'],
  access: 'full_access',
  since: '1.14.0',
  source: 'guide',
  // Each makes another shortcut.
  isRepeatable: false,
  parameters: jumpShortcut,
  reply: doneReply,
  read: readDone,
});
