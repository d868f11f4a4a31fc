import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface StartOptions {
  readonly port: number;
  /** Absolute. */
  readonly data: string;
  readonly reset: boolean;
  readonly once: boolean;
  readonly demo: boolean;
  /** Absolute path of a settings file. */
  readonly settings: string | undefined;
  /** Absolute path of the folder of log files, where it is not to be that of the data. */
  readonly log: string | undefined;
  readonly help: boolean;
}

export const usage = `Integration Client for BeyondTrust, on this machine

npm start -- [options]

  --port NUMBER      port of the HTTP API on 127.0.0.1; 0 = any free one (7071)
  --data DIR         the folder that everything lives in (data)
  --log DIR          the folder of the log files, one a day (DIR/logs of the data)
  --reset            empty that folder first
  --once             finish runs that were interrupted; if there were none, run every schedule once; wait, print the
                     result as JSON, exit 0 if all succeeded, else 1
  --settings FILE    save the settings in this JSON file and work with them, no simulated appliances
  --no-demo          start without the simulated appliances, with the settings saved before (at first: empty)
  --help             this text

Secrets that settings name are read from the environment (SECRET_NAME, hyphens as underscores) and from
DIR/secrets.json (a JSON object, mode 600).
`;

/** Throws an Error with one line for a person. */
export function readOptions(argv: readonly string[]): StartOptions {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: {
        port: { type: 'string', default: '7071' },
        data: { type: 'string', default: 'data' },
        log: { type: 'string' },
        reset: { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
        settings: { type: 'string' },
        'no-demo': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    const [told = ''] = (error as Error).message.split(/\.? (?=To |This )|\n/, 1);
    throw new Error(`${told}; npm start -- --help lists the options.`);
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${String(values.port)}: a port is a whole number from 0 to 65535.`);
  const settings = typeof values.settings === 'string' ? resolve(values.settings) : undefined;
  return {
    port,
    data: resolve(String(values.data)),
    reset: values.reset === true,
    once: values.once === true,
    demo: values['no-demo'] !== true && settings === undefined,
    settings,
    log: typeof values.log === 'string' ? resolve(values.log) : undefined,
    help: values.help === true,
  };
}
