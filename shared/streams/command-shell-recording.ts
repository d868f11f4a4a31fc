import { sampleSession, sessionValues } from './session-values.ts';
import type { CommandShellFormat, SessionFileStream } from './stream.ts';

type Variant = 'video' | 'text';
const variants: Readonly<Record<CommandShellFormat, readonly Variant[]>> = {
  video: ['video'],
  text: ['text'],
  both: ['video', 'text'],
};
const extensions = { video: 'flv', text: 'txt' } as const;

/**
 * Command shells of a session, each an instance that counts from 0, as video or as text (API guide: `format=txt`).
 * The session lists its instances; they are not probed. A setting of the transfer says which of the two is wanted.
 */
export const commandShellRecording: SessionFileStream = {
  id: 'command-shell-recording',
  title: 'Command Shell Recordings',
  products: ['RS', 'PRA'],
  permissions: ['perm_reporting_support', 'perm_reporting'],
  defaultFormat: '%SUPPORT_SITE_HOST%-%SESSION_TYPE%-%LSID%.%INSTANCE%.%EXTENSION%',
  samples: ({ commandShellFormat = 'video' }) =>
    ['0', '1'].flatMap((INSTANCE) =>
      variants[commandShellFormat].map((variant) => ({
        ...sampleSession,
        INSTANCE,
        EXTENSION: extensions[variant],
      })),
    ),
  from: 'session-report',
  report: 'session',
  content: 'file',
  items: (session, { commandShellFormat = 'video' }) =>
    session.recordings.commandShell.flatMap((number) =>
      variants[commandShellFormat].map((variant) => ({
        key: `${session.lsid}|${number}|${variant}`,
        lsid: session.lsid,
        instance: String(number),
        variant,
        values: { ...sessionValues(session), INSTANCE: String(number) },
        extension: extensions[variant],
      })),
    ),
  open: (appliance, { key, lsid, instance, variant }, call) => {
    if (lsid === undefined || instance === undefined || (variant !== 'video' && variant !== 'text'))
      throw new Error(`${key} names no command shell`);
    return appliance.commandShellRecording(lsid, instance, variant, call);
  },
};
