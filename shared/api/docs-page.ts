import { createHash } from 'node:crypto';

type Json = Record<string, unknown>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Json;
}

interface OperationObject {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly 'x-role': string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: Json }>>;

interface Document {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>> };
}

const style = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; }
summary { cursor: pointer; padding: 0.25rem 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 0.8rem 0.2rem 0; }
ul { margin: 0; padding-left: 1.2rem; }
details > div { margin: 0 0 1rem 1.2rem; }
nav ul { columns: 3; list-style: none; padding: 0; }
`;

/** Nothing is loaded and nothing runs: the page is text, and its own style. */
export const docsPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** An OpenAPI document of ours (openapi.ts) as a page. */
export function docsPage(openApi: Json): string {
  const { info, tags, paths, components } = openApi as unknown as Document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return `<h2 id="${anchor('tag', name)}">${text(name)}</h2>${own.map(operationPart).join('')}`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details id="${anchor('schema', name)}"><summary><code>${text(name)}</code></summary><div>${schemaPart(schema)}</div></details>`,
  );
  const places = [...tags.map(({ name }) => [name, anchor('tag', name)]), ['Schemas', 'schemas']];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text(info.title)}: HTTP API</title>
<style>${style}</style>
</head>
<body>
<h1>${text(info.title)}: HTTP API</h1>
<p>Version ${text(info.version)}. ${text(info.description)} The same for programs: <a href="openapi.json"><code>openapi.json</code></a>.</p>
<nav><ul>${places.map(([name = '', place = '']) => `<li><a href="#${place}">${text(name)}</a></li>`).join('')}</ul></nav>
<main>
${sections.join('\n')}
<h2 id="schemas">Schemas</h2>
${schemas.join('\n')}
</main>
</body>
</html>
`;
}

function operationPart({
  path,
  method,
  operation,
}: {
  readonly path: string;
  readonly method: string;
  readonly operation: OperationObject;
}): string {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(
    ({ name, in: where, required, description: said = '', schema }) =>
      `<tr><td><code>${text(name)}</code></td><td>${text(where)}${required ? ', required' : ''}</td><td>${schemaPart(schema)} ${text(said)}</td></tr>`,
  );
  const answers = Object.entries(responses).map(
    ([status, { description: said, content }]) =>
      `<tr><td>${text(status)}</td><td>${text(said)} ${contentPart(content)}</td></tr>`,
  );
  return `<details id="${anchor('operation', operationId)}">
<summary><code>${text(method.toUpperCase())} ${text(path)}</code> ${text(summary)} (${text(operation['x-role'])})</summary>
<div><p>${text(description)}</p>
${rows.length > 0 ? `<h3>Parameters</h3><table><tbody>${rows.join('')}</tbody></table>` : ''}
${requestBody ? `<h3>Body${requestBody.required ? '' : ' (may be left out)'}</h3>${contentPart(requestBody.content)}` : ''}
<h3>Answers</h3><table><tbody>${answers.join('')}</tbody></table></div>
</details>`;
}

function contentPart(content: Content | undefined): string {
  return Object.entries(content ?? {})
    .map(([type, { schema }]) => `<code>${text(type)}</code>: ${schemaPart(schema)}`)
    .join(' ');
}

const MOST_DEPTH = 12;

function schemaPart(schema: Json, depth = 0): string {
  if (depth > MOST_DEPTH) return '…';
  const { $ref, properties, required = [], items, enum: values, const: value, type, description } = schema;
  const said = typeof description === 'string' && depth > 0 ? ` ${text(description)}` : '';
  if (typeof $ref === 'string') {
    const name = $ref.replace(/^.*\//, '');
    return `<a href="#${anchor('schema', name)}"><code>${text(name)}</code></a>${said}`;
  }
  const choices = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (Array.isArray(choices))
    return `${schema.allOf === choices ? 'all of' : 'one of'}<ul>${choices.map((one) => `<li>${schemaPart(one, depth + 1)}</li>`).join('')}</ul>${said}`;
  if (Array.isArray(values))
    return `${values.map((one) => `<code>${text(JSON.stringify(one))}</code>`).join(' ')}${said}`;
  if (value !== undefined) return `<code>${text(JSON.stringify(value))}</code>${said}`;
  if (typeof items === 'object' && items !== null)
    return `list of ${schemaPart(items as Json, depth + 1)}${said}`;
  if (typeof properties === 'object' && properties !== null) {
    const parts = Object.entries(properties as Record<string, Json>).map(([name, part]) => {
      const needed = (required as readonly string[]).includes(name) ? ' (required)' : '';
      return `<li><code>${text(name)}</code>${needed}: ${schemaPart(part, depth + 1)}</li>`;
    });
    return `object${said}<ul>${parts.join('')}</ul>`;
  }
  const limits = ['format', 'minimum', 'maximum', 'minLength', 'maxLength', 'default']
    .filter((name) => schema[name] !== undefined)
    .map((name) => `${name} ${JSON.stringify(schema[name])}`);
  return `${text([String(type ?? 'any'), ...limits].join(', '))}${said}`;
}

function anchor(kind: string, name: string): string {
  return `${kind}-${name.replaceAll(/[^A-Za-z0-9]+/g, '-').toLowerCase()}`;
}

const signs: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function text(value: string): string {
  return value.replaceAll(/[&<>"']/g, (sign) => signs[sign] ?? '');
}
