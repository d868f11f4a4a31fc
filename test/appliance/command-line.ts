import { parseArgs } from 'node:util';
import type { ApplianceOptions } from './simulated-appliance.ts';

export const usage = `Simulated BeyondTrust appliance, for tests and for trying things out.

npm run appliance -- [options]

  --product RS|PRA             which product (RS)
  --port NUMBER                port on 127.0.0.1, 0 = any free one (8443)
  --sessions NUMBER            how many sessions there are (300)
  --seed NUMBER                the same seed, the same sessions (1)
  --from TIME, --to TIME       when they begin: Unix seconds or ISO 8601 (30 days ago, in a day)
  --events NUMBER              events per session, about (20)
  --recording-bytes MIN,MAX    size of recordings (2000,200000)
  --backup-bytes NUMBER        size of a backup (300000)
  --body-framing KIND          how files tell their size: length, chunked or none (length)
  --empty-report KIND          what "nothing found" looks like: error, error-fr or empty-list (error)
  --oddities KIND              all or plain (all)
  --site-host NAME             name in the certificate and in URLs
  --api-version TEXT           version that get_api_info tells
  --namespace TEXT             namespace of the reports
  --token-seconds NUMBER       life of a token (3600)
  --clock TIME                 set the appliance's clock
  --clock-rate NUMBER          how fast its clock runs (1)
  --directory PATH             where ca.pem and ca-key.pem are kept and found again (a new temporary folder)
  --help                       this text
`;

const names = {
  product: { type: 'string', default: 'RS' },
  port: { type: 'string', default: '8443' },
  sessions: { type: 'string', default: '300' },
  seed: { type: 'string', default: '1' },
  from: { type: 'string' },
  to: { type: 'string' },
  events: { type: 'string' },
  'recording-bytes': { type: 'string' },
  'backup-bytes': { type: 'string' },
  'body-framing': { type: 'string' },
  'empty-report': { type: 'string' },
  oddities: { type: 'string' },
  'site-host': { type: 'string' },
  'api-version': { type: 'string' },
  namespace: { type: 'string' },
  'token-seconds': { type: 'string' },
  clock: { type: 'string' },
  'clock-rate': { type: 'string' },
  directory: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

const daySeconds = 24 * 3600;

export interface CommandLine {
  readonly options: ApplianceOptions;
  readonly directory: string | undefined;
  /** Unix seconds. */
  readonly clock: number | undefined;
  readonly rate: number | undefined;
  readonly help: boolean;
}

/** Throws an Error with one clear line for anything that makes no sense. */
export function optionsFrom(args: readonly string[], now = Math.floor(Date.now() / 1000)): CommandLine {
  const { values } = parseArgs({ args: [...args], options: names, strict: true, allowPositionals: false });
  const number = (name: NumberName) => mapped(values[name], (text) => readNumber(name, text));
  const time = (name: 'from' | 'to' | 'clock') => mapped(values[name], (text) => readTime(name, text));
  const choice = <const T extends string>(name: ChoiceName, choices: readonly T[]) =>
    mapped(values[name], (text) => oneOf(name, text, choices));
  const options: ApplianceOptions = {
    product: oneOf('product', values.product, ['RS', 'PRA']),
    port: readNumber('port', values.port),
    sessions: readNumber('sessions', values.sessions),
    seed: readNumber('seed', values.seed),
    from: time('from') ?? now - 30 * daySeconds,
    to: time('to') ?? now + daySeconds,
    logRequests: 200,
    ...given('events', number('events')),
    ...given('recordingBytes', mapped(values['recording-bytes'], readSizes)),
    ...given('backupBytes', number('backup-bytes')),
    ...given('bodyFraming', choice('body-framing', ['length', 'chunked', 'none'])),
    ...given('emptyReport', choice('empty-report', ['error', 'error-fr', 'empty-list'])),
    ...given('oddities', choice('oddities', ['all', 'plain'])),
    ...given('siteHost', values['site-host']),
    ...given('apiVersion', values['api-version']),
    ...given('namespace', values.namespace),
    ...given('tokenSeconds', number('token-seconds')),
  };
  return {
    options,
    directory: values.directory,
    clock: time('clock'),
    rate: number('clock-rate'),
    help: values.help,
  };
}

type NumberName = 'events' | 'backup-bytes' | 'token-seconds' | 'clock-rate';

type ChoiceName = 'body-framing' | 'empty-report' | 'oddities';

function mapped<T>(text: string | undefined, read: (text: string) => T): T | undefined {
  return text === undefined ? undefined : read(text);
}

/** The option where it was given, so that the appliance's own defaults hold where it was not. */
function given<K extends keyof ApplianceOptions, V>(name: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: V });
}

function readNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new Error(`--${name}: give a number, not "${text}"`);
  return value;
}

function readTime(name: string, text: string): number {
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000);
  if (Number.isNaN(seconds))
    throw new Error(`--${name}: give Unix seconds or an ISO 8601 time, not "${text}"`);
  return seconds;
}

function readSizes(text: string): readonly [number, number] {
  const [smallest, largest, ...more] = text.split(',').map((size) => readNumber('recording-bytes', size));
  if (smallest === undefined || more.length > 0) {
    throw new Error(`--recording-bytes: give MIN,MAX, not "${text}"`);
  }
  return [smallest, largest ?? smallest];
}

function oneOf<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((known) => known === text);
  if (choice === undefined) throw new Error(`--${name}: give ${choices.join(', ')}, not "${text}"`);
  return choice;
}
