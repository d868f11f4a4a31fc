import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { TableClient } from '@azure/data-tables';
import { encodeValue, toAscii } from './state-checks.ts';
import type { Operation } from './state-store.ts';
import { toTableEntity } from './table-entity.ts';

interface Content {
  readonly body: string;
  readonly type: string;
}
const current = new AsyncLocalStorage<Content>();

/**
 * The SDK's transactions drop the ETag of a delete and put their parts into no fixed order, while the service names
 * the failed part by its index. So the body of a transaction is made here, and the SDK frames, signs and sends it.
 * Every body goes out as ASCII, which is the same JSON: Azurite breaks characters that lie across two network reads.
 */
export function enableBatches(table: TableClient): void {
  table.pipeline.addPolicy(
    {
      name: 'integrationClientBody',
      sendRequest(request, next) {
        const content = current.getStore();
        if (content !== undefined) request.headers.set('Content-Type', content.type);
        const body = content?.body ?? request.body;
        if (typeof body === 'string') {
          request.body = toAscii(body);
          request.headers.delete('Content-Length');
        }
        return next(request);
      },
    },
    { afterPhase: 'Serialize' },
  );
}

/** Throws the SDK's RestError; the index of the failed operation begins its message. */
export async function submitBatch(
  table: TableClient,
  partition: string,
  operations: readonly Operation[],
  write: string,
): Promise<void> {
  const [batch, changes] = [`batch_${randomUUID()}`, `changeset_${randomUUID()}`];
  const lines = [`--${batch}`, `Content-Type: multipart/mixed; boundary=${changes}`, ''];
  for (const operation of operations) {
    lines.push(`--${changes}`, 'Content-Type: application/http', 'Content-Transfer-Encoding: binary', '');
    lines.push(...requestLines(table, partition, operation, write));
  }
  lines.push(`--${changes}--`, `--${batch}--`, '');
  const content = { body: lines.join('\r\n'), type: `multipart/mixed; boundary=${batch}` };
  const standIn = { partitionKey: partition, rowKey: operations[0]?.key ?? '' };
  await current.run(content, () => table.submitTransaction([['delete', standIn]]));
}

function requestLines(table: TableClient, partition: string, operation: Operation, write: string): string[] {
  const base = table.url.replace(/[/?]*$/, '');
  // The characters of keys need no escape but these; none of them is a quote.
  const address = `${base}/${table.tableName}(PartitionKey='${encodeURIComponent(partition)}',RowKey='${encodeURIComponent(operation.key)}')`;
  const headers = ['Accept: application/json;odata=minimalmetadata', 'DataServiceVersion: 3.0'];
  if (operation.op === 'remove') {
    return [`DELETE ${address} HTTP/1.1`, ...headers, `If-Match: ${operation.etag ?? '*'}`, '', ''];
  }
  const { partitionKey, rowKey, ...properties } = toTableEntity(
    partition,
    operation.key,
    encodeValue(operation.value),
    write,
  );
  const json = JSON.stringify({ PartitionKey: partitionKey, RowKey: rowKey, ...properties });
  headers.push('Content-Type: application/json', 'Prefer: return-no-content');
  if (operation.op === 'insert') return [`POST ${base}/${table.tableName} HTTP/1.1`, ...headers, '', json];
  if (operation.op === 'update') headers.push(`If-Match: ${operation.etag}`);
  return [`PUT ${address} HTTP/1.1`, ...headers, '', json];
}
