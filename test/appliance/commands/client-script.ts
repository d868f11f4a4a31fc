import { htmlReply, type Reply, textReply } from '../reply.ts';
import type { World } from '../world.ts';

const actions = {
  RS: [
    'login',
    'generate_session_key',
    'push_and_start_local',
    'push_and_start_remote',
    'start_jump_item_session',
    'start_rdp_session',
    'start_vnc_session',
    'start_shell_jump_session',
    'start_vpro_session',
  ],
  PRA: [
    'login',
    'start_jump_item_session',
    'push_and_start_local',
    'push_and_start_remote',
    'start_pinned_client_session',
    'start_rdp_session',
    'start_shell_jump_session',
  ],
} as const;

/** `/api/client_script`: the script file for one command, with log-in and removal added (API guide). No login needed. */
export function clientScript({ settings }: World, query: string): Reply {
  const pairs = query.split('&').map((pair) => {
    const [name = '', value = ''] = pair.split('=', 2);
    return [decodeURIComponent(name), decodeURIComponent(value)] as const;
  });
  const of = (name: string) => pairs.find(([key]) => key === name)?.[1];
  const action = of('action') ?? '';
  const known: readonly string[] = actions[settings.product];
  const fits =
    (of('type') === 'rep' && of('operation') === 'generate') ||
    (of('type') === 'web_console' && of('operation') === 'execute');
  if (!fits || !known.includes(action) || pairs.filter(([name]) => name === 'action').length !== 1)
    return htmlReply(400, 'Bad Request', 'The script cannot be made.');
  const command = query
    .split('&')
    .filter((pair) => !/^(type|operation)=/.test(pair))
    .join('&');
  const lines = [
    'BRCS1.0',
    ...(action === 'login' ? [] : ['action=login']),
    command,
    'action=delete_script_file',
  ];
  return textReply(200, 'application/octet-stream', `${lines.join('\n')}\n`, {
    'Content-Disposition': `attachment; filename="script.brcs-${settings.siteHost.split('.')[0]}"`,
  });
}
