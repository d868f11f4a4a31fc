import { type CommandContext, type Handler, refuse, successReply } from './command-context.ts';

/** A rule is told the value and says whether it holds. */
type Rule = (value: string) => boolean;

const atMost =
  (most: number): Rule =>
  (value) =>
    Array.from(value).length <= most;
const between =
  (least: number, most: number): Rule =>
  (value) =>
    /^\d{1,6}$/.test(value) && Number(value) >= least && Number(value) <= most;
const among =
  (...values: string[]): Rule =>
  (value) =>
    values.includes(value);
const anything: Rule = () => true;
const flag = among('0', '1');
const port = between(1, 65_535);

const isTunnel = (text: string) => {
  const [local = '', remote = '', ...more] = text.trim().split('->');
  return more.length === 0 && (local === 'auto' || port(local)) && port(remote);
};

interface Kind {
  /** The parameter by which the appliance tells the kind. */
  readonly told: string;
  readonly required: Readonly<Record<string, Rule>>;
  readonly optional: Readonly<Record<string, Rule>>;
}

const named = { name: atMost(128), group: anything };
const described = { tag: atMost(1024), comments: atMost(1024), jump_policy: anything };
const policy = { session_policy: anything };
const throughJumpoint = { ...named, jumpoint: anything };

/** The tables of the API guide, row by row. */
const kinds: readonly Kind[] = [
  {
    told: 'local_jump_hostname',
    required: { ...named, local_jump_hostname: atMost(128) },
    optional: { ...described, ...policy },
  },
  {
    told: 'remote_jump_hostname',
    required: { ...throughJumpoint, remote_jump_hostname: atMost(128) },
    optional: { ...described, ...policy },
  },
  {
    told: 'remote_vnc_hostname',
    required: { ...throughJumpoint, remote_vnc_hostname: atMost(128) },
    optional: { ...described, port: between(100, 65_535) },
  },
  {
    told: 'remote_rdp_hostname',
    required: { ...throughJumpoint, remote_rdp_hostname: atMost(128) },
    optional: {
      ...described,
      ...policy,
      rdp_username: anything,
      domain: anything,
      display_size: (value) => /^(primary|all|\d+x\d+)$/.test(value),
      quality: among('low', 'best_perf', 'perf_and_qual', 'best_qual', 'video_opt'),
      console: flag,
      ignore_untrusted: flag,
      sql_server_hostname: atMost(64),
      sql_server_port: port,
      sql_server_database: atMost(520),
      custom_app_name: atMost(520),
      custom_app_params: atMost(16_000),
    },
  },
  {
    told: 'shelljump_hostname',
    required: { ...throughJumpoint, shelljump_hostname: atMost(128), protocol: among('ssh', 'telnet') },
    optional: {
      ...described,
      ...policy,
      shelljump_username: anything,
      port,
      terminal: among('xterm', 'vt100', 'VT100'),
      keep_alive: between(0, 300),
    },
  },
  {
    told: 'protocol_tunnel_hostname',
    required: {
      ...throughJumpoint,
      protocol_tunnel_hostname: atMost(128),
      tcp_tunnels: (value) => value.split(';').every(isTunnel),
    },
    optional: { ...described, local_address: (value) => /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(value) },
  },
  {
    told: 'website_name',
    required: {
      website_name: atMost(128),
      url: (value) => /^https?:/.test(value),
      jumpoint: anything,
      group: anything,
    },
    optional: { ...described, ...policy, verify_certificate: flag },
  },
];

export const importJumpShortcut: Handler = (context) => {
  const kind = kinds.find(({ told }) => context.parameters[told] !== undefined);
  if (kind === undefined) refuse('The kind of Jump Item is not known.');
  check(context, kind);
  const { action: _, ...shortcut } = context.parameters;
  context.world.operations.jumpShortcuts.push(shortcut);
  return successReply(context, 'Successfully imported Jump Item shortcut');
};

function check({ parameters }: CommandContext, { required, optional }: Kind): void {
  for (const name of Object.keys(required))
    if ((parameters[name] ?? '') === '') refuse(`The parameter ${name} is required.`);
  for (const [name, value] of Object.entries(parameters)) {
    if (['action', 'username', 'password'].includes(name)) continue;
    const rule = required[name] ?? optional[name];
    if (rule === undefined) refuse(`There is no parameter ${name}.`);
    if (!rule(value)) refuse(`The parameter ${name} is not valid.`);
  }
}
