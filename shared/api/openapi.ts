import { z } from 'zod';
import { type ComponentSchemas, componentSchemas } from './component-schemas.ts';
import { type Answer, isIdempotent, type Operation } from './operation.ts';

type Json = Record<string, unknown>;

/** The OpenAPI 3.1 document of the operations: its schemas are made from those that check what is sent. */
export function openApiDocument(
  operations: readonly Operation[],
  { version }: { readonly version: string },
): Json {
  const schemas = componentSchemas();
  const problem = schemas.of(problemSchema, 'output');
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = `/api${operation.path}`;
    paths[path] = { ...paths[path], [operation.method]: operationObject(operation, schemas, problem) };
  }
  return schemas.complete({
    openapi: '3.1.0',
    info: {
      title: 'Integration Client for BeyondTrust on Azure',
      version,
      description:
        'Pulls, runs, settings and evidence of one installation. Lists are paged: send what `next` says. Errors are application/problem+json (RFC 9457) with a code, the fields, and what to do.',
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'In Azure a token of Microsoft Entra ID for this installation; locally the token printed at start.',
        },
      },
    },
  });
}

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string().meta({ description: 'One line: what is wrong, where, what to do.' }),
    status: z.int(),
    code: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });

function operationObject(operation: Operation, schemas: ComponentSchemas, problem: Json): Json {
  const { id, summary, description, tag, role, answers, body, bodyOptional, describedBody, rawBody } =
    operation;
  const said = [description, `Asks for the role ${role}.`].filter((text) => text !== undefined).join(' ');
  const parameters = [
    ...parametersOf('path', operation.params, schemas),
    ...parametersOf('query', operation.query, schemas),
    ...headersOf(operation),
  ];
  const content = rawBody
    ? { [rawBody.contentType]: { schema: { type: 'string', format: 'binary' } } }
    : body && { 'application/json': { schema: schemas.of(describedBody ?? body, 'input') } };
  return {
    operationId: id,
    summary,
    description: said,
    tags: [tag],
    'x-role': role,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(content ? { requestBody: { required: !bodyOptional, content } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, answerObject(answer, schemas)]),
      ),
      default: {
        description: 'What is wrong',
        content: { 'application/problem+json': { schema: problem } },
      },
    },
  };
}

function parametersOf(
  where: 'path' | 'query',
  schema: z.ZodObject | undefined,
  schemas: ComponentSchemas,
): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemas.of(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property;
    return {
      name,
      in: where,
      required: where === 'path' || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

function headersOf(operation: Operation): Json[] {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  });
  return [
    ...(isIdempotent(operation)
      ? [
          header(
            'Idempotency-Key',
            'A text of your own, the same at each repeat: a repeat gets the first answer and does nothing.',
          ),
        ]
      : []),
    ...(operation.etag === 'required'
      ? [
          header('If-Match', 'The ETag that the change was made from.'),
          header('If-None-Match', '`*`: there is none yet.'),
        ]
      : []),
  ];
}

function answerObject(
  { description, schema, contentType, otherTypes = [], headers }: Answer,
  schemas: ComponentSchemas,
): Json {
  const type = contentType ?? (schema ? 'application/json' : undefined);
  const ofBytes = (name: string) =>
    /json|xml|^text\//.test(name) ? { type: 'string' } : { type: 'string', format: 'binary' };
  return {
    description,
    ...(type === undefined
      ? {}
      : {
          content: {
            [type]: { schema: schema ? schemas.of(schema, 'output') : ofBytes(type) },
            ...Object.fromEntries(otherTypes.map((other) => [other, { schema: ofBytes(other) }])),
          },
        }),
    ...(headers
      ? {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, text]) => [
              name,
              { description: text, schema: { type: 'string' } },
            ]),
          ),
        }
      : {}),
  };
}
