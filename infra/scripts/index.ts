/**
 * `npm run azure -- STEP`: what Bicep cannot do, as steps around it that can be repeated. azd runs them (azure.yaml)
 * with the outputs of the template in the environment; without azd, set these yourself.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { applySettings, fillSettings } from './apply-settings.ts';
import { type Azure, signedInAzure } from './azure-rest.ts';
import { ensureDatabaseUser } from './database-user.ts';
import { ensureEntraApplication } from './entra-application.ts';
import { lockImmutability } from './lock-immutability.ts';
import { sqlSession } from './sql-session.ts';

const DATABASE_SCOPE = 'https://database.windows.net/.default';

const steps: Readonly<Record<string, (azure: Azure) => Promise<void>>> = {
  'before-provision': async (azure) => {
    await nameAdministrator(azure);
    // The template names it: without it nobody may use the API.
    await entraApplication(azure);
  },
  'after-provision': async (azure) => {
    await databaseUser(azure);
    await entraApplication(azure);
    await immutability(azure);
  },
  'after-deploy': settings,
};

/** The SQL server wants its administrator's name, which azd does not know. */
async function nameAdministrator(azure: Azure): Promise<void> {
  if (process.env.SQL_ADMINISTRATOR_NAME) return;
  const { status, body } = await azure.call(
    'GET',
    'https://graph.microsoft.com/v1.0/me',
    undefined,
    [400, 403],
  );
  const { id, userPrincipalName } = body as { id?: string; userPrincipalName?: string };
  if (status !== 200 || !id || !userPrincipalName)
    throw new Error(
      'Nobody is signed in as a person: set SQL_ADMINISTRATOR_ID and SQL_ADMINISTRATOR_NAME with azd env set.',
    );
  await keep('SQL_ADMINISTRATOR_ID', id);
  await keep('SQL_ADMINISTRATOR_NAME', userPrincipalName);
  console.log(`Administrator of the SQL server: ${userPrincipalName}`);
}

async function databaseUser(azure: Azure): Promise<void> {
  const serverId = process.env.SQL_SERVER_ID;
  if (!serverId) return;
  const name = needed('IDENTITY_NAME');
  const token = () => azure.token(DATABASE_SCOPE);
  await ensureDatabaseUser(azure, sqlSession(needed('SQL_SERVER_HOST'), needed('SQL_DATABASE'), token), {
    serverId,
    isPrivate: process.env.SQL_IS_PRIVATE === 'true',
    name,
    clientId: needed('IDENTITY_CLIENT_ID'),
    mayMakeTables: process.env.SQL_MAY_MAKE_TABLES !== 'false',
  });
  console.log(`Database user: ${name}`);
}

async function entraApplication(azure: Azure): Promise<void> {
  const application = await ensureEntraApplication(
    azure,
    needed('AZURE_ENV_NAME'),
    process.env.AZURE_PRINCIPAL_ID,
  );
  await keep('ENTRA_APPLICATION_ID', application.appId);
  console.log(`Entra application ${application.made ? 'made' : 'brought up to date'}: ${application.appId}`);
}

async function immutability(azure: Azure): Promise<void> {
  if (process.env.LOCK_IMMUTABILITY !== 'true') return;
  const containers = needed('FILE_CONTAINERS').split(',');
  const locked = await lockImmutability(azure, needed('DATA_STORAGE_ID'), containers);
  console.log(
    locked.length === 0 ? 'Immutability is locked already' : `Immutability locked for good: ${locked}`,
  );
}

/** Sites, destinations and schedules from the file that SETTINGS_FILE names. */
async function settings(azure: Azure): Promise<void> {
  const file = process.env.SETTINGS_FILE;
  if (!file) {
    console.log('SETTINGS_FILE is not set: settings stay as they are.');
    return;
  }
  const wanted = fillSettings(await readFile(file, 'utf8'), process.env);
  const token = await azure.token(`api://${needed('ENTRA_APPLICATION_ID')}/.default`);
  const result = await applySettings(
    needed('FUNCTIONS_APP_URL'),
    { authorization: `Bearer ${token}` },
    wanted,
  );
  console.log(`Settings of ${file}: ${result}`);
}

function needed(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set: run this by azd, or set it to the output of the template.`);
}

/** In azd's environment, for the next step and the next time. */
async function keep(name: string, value: string): Promise<void> {
  process.env[name] = value;
  if (!process.env.AZURE_ENV_NAME) return;
  try {
    await promisify(execFile)('azd', ['env', 'set', name, value]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    console.log(`There is no azd here: set ${name} to ${value} yourself for what comes after.`);
  }
}

async function main(): Promise<void> {
  const name = process.argv[2] ?? '';
  const step = steps[name];
  if (!step) throw new Error(`Give one of the steps: ${Object.keys(steps).join(', ')}.`);
  await step(signedInAzure(process.env.AZURE_TENANT_ID));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
