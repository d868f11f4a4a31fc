import { z } from 'zod';
import { docsPage, docsPolicy } from './docs-page.ts';
import { openApiDocument } from './openapi.ts';
import { type Operation, operation } from './operation.ts';

/** Of the API, not of the program: within 1.x nothing is taken away and nothing changes its meaning. */
const API_VERSION = '1.0.0';
const tag = 'Documentation';

/** The API described by itself. `all`: every operation, these two among them. */
export function documentationOperations(all: () => readonly Operation[]): readonly Operation[] {
  let made: ReturnType<typeof openApiDocument> | undefined;
  const document = () => (made ??= openApiDocument(all(), { version: API_VERSION }));
  return [
    operation({
      id: 'getOpenApi',
      method: 'get',
      path: '/openapi.json',
      summary: 'This document: OpenAPI 3.1, made from the schemas that check what is sent',
      tag,
      role: 'Reader',
      answers: {
        200: {
          description: 'The document',
          schema: z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }),
        },
      },
      handle: ({ context }) => context.json(document()),
    }),
    operation({
      id: 'getDocs',
      method: 'get',
      path: '/docs',
      summary: 'The same as a page to read',
      tag,
      role: 'Reader',
      answers: { 200: { description: 'The page', contentType: 'text/html' } },
      handle: ({ context }) =>
        context.html(docsPage(document()), 200, {
          'Content-Security-Policy': docsPolicy,
          'X-Content-Type-Options': 'nosniff',
          'Referrer-Policy': 'no-referrer',
        }),
    }),
  ];
}
