import { z } from 'zod';
import type { Product } from '../appliance.ts';
import { customAttributes, given, oneOf, text, wholeNumber } from '../command-api/parameters.ts';

/** One action of a console script. */
export interface ScriptAction<P extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly title: string;
  readonly products: readonly Product[];
  /** As in command-api/command.ts. */
  readonly source: 'guide' | 'vendor page' | 'unverified';
  readonly parameters: P;
}

function define<P extends z.ZodType>(action: ScriptAction<P>): ScriptAction<P> {
  return action;
}

const both = ['RS', 'PRA'] as const;
const custom = { custom: customAttributes.optional() };
const match = (what: string) =>
  text(`Only Jump Items whose ${what} has this in it, in whatever case.`, { most: 255 }).optional();

const clientFields = {
  'client.comments': match('comments'),
  'client.hostname': match('host name'),
  'client.private_ip': match('private IP address'),
  'client.public_ip': match('public IP address'),
  'client.tag': match('tag'),
};
const clientNames = Object.keys(clientFields);

const target = text('Host name or IP address of the machine.');
const jumpoint = text(
  'Jumpoint, on the subnet of the machine. Left out: the only one the user has, or the one chosen in a dialog.',
);
const port = (standard: string) => wholeNumber(`Port; default ${standard}.`, 1, 65_535).optional();

const login = define({
  name: 'login',
  title: 'Log in to the console',
  products: both,
  source: 'guide',
  parameters: z
    .strictObject({
      mechanism: oneOf('How to log in.', ['username_password']).optional(),
      username: text('User name.').optional(),
      password: text('Password. It stands in the script as plain text.').optional(),
    })
    .refine((parameters) => [0, 3].includes(given(parameters, ['mechanism', 'username', 'password'])), {
      path: ['mechanism'],
      error: 'give mechanism, username and password, or none of them',
    }),
});

const startJumpItemSession = define({
  name: 'start_jump_item_session',
  title: 'Start a session with a Jump Item',
  products: both,
  source: 'guide',
  parameters: z
    .strictObject({
      'jump.method': oneOf('Only Jump Items with this method.', [
        'push',
        'local_push',
        'pinned',
        'rdp',
        'vnc',
        'shelljump',
      ]).optional(),
      credential_id: text('Only the Jump Item with this credential of the vault.', { most: 255 }).optional(),
      search_string: text('Search text; needed where no client field is given.').optional(),
      ...clientFields,
      ...custom,
    })
    .refine((parameters) => given(parameters, ['search_string', ...clientNames]) > 0, {
      path: ['search_string'],
      error: 'give it, or at least one client field',
    }),
});

const startPinnedClientSession = define({
  name: 'start_pinned_client_session',
  title: 'Start a session with a Jump Client',
  products: ['PRA'],
  source: 'guide',
  parameters: z
    .strictObject({
      search_string: text('Looked for in comments, host name, addresses and tag.', { most: 1024 }).optional(),
      ...clientFields,
      ...custom,
    })
    .refine((parameters) => (parameters.search_string === undefined) === given(parameters, clientNames) > 0, {
      path: ['search_string'],
      error: 'give either it or client fields',
    }),
});

const pushAndStartLocal = define({
  name: 'push_and_start_local',
  title: 'Jump to a computer of the local network',
  products: both,
  source: 'guide',
  parameters: z.strictObject({ hostname: text('Host name of the computer.', { most: 255 }), ...custom }),
});

const pushAndStartRemote = define({
  name: 'push_and_start_remote',
  title: 'Jump to a computer through a Jumpoint',
  products: both,
  source: 'guide',
  parameters: z.strictObject({ target, jumpoint: jumpoint.optional(), ...custom }),
});

const startShellJumpSession = define({
  name: 'start_shell_jump_session',
  title: 'Start a Shell Jump session',
  products: both,
  source: 'guide',
  parameters: z.strictObject({
    target,
    jumpoint: jumpoint.optional(),
    username: text('User name; left out, the user enters it.').optional(),
    protocol: oneOf('Protocol; default ssh.', ['ssh', 'telnet']).optional(),
    port: port('22'),
    terminal: oneOf('Terminal; default xterm.', ['xterm', 'vt100']).optional(),
    ...custom,
  }),
});

const startRdpSession = define({
  name: 'start_rdp_session',
  title: 'Start an RDP session',
  // The guide lists it and has no section for it; the parameters are those of today's page for RS.
  products: both,
  source: 'vendor page',
  parameters: z.strictObject({
    target,
    jumpoint: jumpoint.optional(),
    username: text('User name; left out, the user enters it.').optional(),
    display_size: text('primary_display (default), all_displays, or WIDTHxHEIGHT.', {
      pattern: [
        /^(primary_display|all_displays|[1-9]\d{1,4}x[1-9]\d{1,4})$/,
        'give primary_display, all_displays, or WIDTHxHEIGHT',
      ],
    }).optional(),
    quality: oneOf('Quality; default performance.', [
      'low',
      'performance',
      'performance_quality',
      'quality',
    ]).optional(),
    console: oneOf('yes: the physical console. Default no.', ['no', 'yes']).optional(),
    ...custom,
  }),
});

const startVncSession = define({
  name: 'start_vnc_session',
  title: 'Start a VNC session',
  products: ['RS'],
  source: 'vendor page',
  parameters: z.strictObject({ target, jumpoint: jumpoint.optional(), port: port('5900'), ...custom }),
});

const startVproSession = define({
  name: 'start_vpro_session',
  title: 'Start a vPro session',
  products: ['RS'],
  source: 'vendor page',
  parameters: z.strictObject({ target, jumpoint, ...custom }),
});

const generateSessionKey = define({
  name: 'generate_session_key',
  title: 'Generate a session key in the console',
  products: ['RS'],
  // Seen in use with the external key; the vendor's page was not to be had.
  source: 'unverified',
  parameters: z.strictObject(custom),
});

/** Every action by its name. `delete_script_file`, which has no parameters, is added to files and never asked for. */
export const scriptActions = {
  login,
  start_jump_item_session: startJumpItemSession,
  start_pinned_client_session: startPinnedClientSession,
  push_and_start_local: pushAndStartLocal,
  push_and_start_remote: pushAndStartRemote,
  start_shell_jump_session: startShellJumpSession,
  start_rdp_session: startRdpSession,
  start_vnc_session: startVncSession,
  start_vpro_session: startVproSession,
  generate_session_key: generateSessionKey,
} as const satisfies Record<string, ScriptAction>;

export type ScriptActionName = keyof typeof scriptActions;
