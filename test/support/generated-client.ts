import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { build } from 'esbuild';
import { generateSource } from 'oazapfts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface ClientAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: types of what is generated at run time are not there to check.
  readonly data: any;
}

type Call = (...given: readonly unknown[]) => Promise<ClientAnswer>;

export interface GeneratedClient {
  /** By operationId. Fails where the answer is none that the document describes, or is refused. */
  readonly call: Readonly<Record<string, Call>>;
  /** The same; resolves to whatever the answer is. */
  readonly ask: Readonly<Record<string, Call>>;
  /** operationIds that were answered with what was asked for. */
  readonly done: ReadonlySet<string>;
}

/** A client that a generator from npm makes of the document that the API itself gives out. */
export async function generatedClient(
  context: TestContext,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<GeneratedClient> {
  const folder = mkdtempSync(join(tmpdir(), 'api-client-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const document = await (await fetch(`${url}/api/openapi.json`, { headers })).json();
  const file = join(folder, 'openapi.json');
  writeFileSync(file, JSON.stringify(document));
  const source = join(folder, 'client.ts');
  writeFileSync(source, await generateSource(file, {}));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await checkTypes(source);
  const program = join(folder, 'client.mjs');
  await build({
    entryPoints: [source],
    bundle: true,
    format: 'esm',
    platform: 'node',
    outfile: program,
    logLevel: 'silent',
  });
  const { defaults, servers: _servers, ...functions } = await import(pathToFileURL(program).href);
  const check = answerCheck(document as Document);
  const done = new Set<string>();
  Object.assign(defaults, {
    baseUrl: url,
    headers,
    async fetch(address: string, init: RequestInit = {}) {
      const answer = await fetch(address, init);
      await check(init.method ?? 'GET', address, answer.clone());
      return answer;
    },
  });
  const ask = functions as Record<string, Call>;
  const call = Object.fromEntries(
    Object.entries(ask).map(([id, work]): [string, Call] => [
      id,
      async (...given) => {
        const answer = await work(...given);
        assert.ok(answer.status < 300, `${id} ${answer.status} ${JSON.stringify(answer.data)}`);
        done.add(id);
        return answer;
      },
    ]),
  );
  return { call, ask, done };
}

const compiler = 'node_modules/typescript/lib/tsc.js';
const options =
  '--noEmit --strict --skipLibCheck --module nodenext --target es2024 --lib es2024,dom --ignoreConfig';

/** Types that contradict each other would be the document's fault. */
async function checkTypes(source: string): Promise<void> {
  await promisify(execFile)(process.execPath, [join(root, compiler), ...options.split(' '), source]).catch(
    ({ stdout }: { stdout: string }) => assert.fail(stdout.slice(0, 2000)),
  );
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

interface Described {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

/** Whether an answer is one that the document has for its status, and its JSON is as the schema says. */
function answerCheck(document: Document) {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  ajv.addSchema(document, 'api');
  const routes = Object.keys(document.paths).map((path) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));
  return async (method: string, address: string, answer: Response): Promise<void> => {
    const { pathname } = new URL(address);
    const fits = routes.filter(({ pattern }) => pattern.test(pathname));
    // `/sites/test` is no site.
    const route = fits.find(({ path }) => path === pathname) ?? fits[0] ?? assert.fail(pathname);
    const what = `${method} ${route.path} ${answer.status}`;
    const verb = method.toLowerCase();
    const responses = document.paths[route.path]?.[verb]?.responses ?? assert.fail(what);
    const status = answer.status >= 400 ? 'default' : String(answer.status);
    const described = responses[status] ?? assert.fail(`${what} is not described`);
    const type = answer.headers.get('content-type')?.split(';')[0];
    assert.ok(described.content ? type && type in described.content : !type, `${what} ${type}`);
    if (!type?.endsWith('json')) return;
    const place = ['paths', route.path, verb, 'responses', status, 'content', type, 'schema'];
    const pointer = place
      .map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
      .map(encodeURIComponent);
    const validate = ajv.getSchema(`api#/${pointer.join('/')}`) ?? assert.fail(what);
    const body = await answer.json();
    assert.ok(
      await validate(body),
      `${what} ${ajv.errorsText(validate.errors)} ${JSON.stringify(body).slice(0, 600)}`,
    );
  };
}
