import { Failure } from '../errors.ts';

/** Status and service code of an error from an Azure storage SDK, in whichever place the SDK put them. */
export function azureStatus(error: unknown): { status: number | undefined; code: string } {
  const shape = error as {
    statusCode?: unknown;
    code?: unknown;
    details?: { odataError?: { code?: unknown }; errorCode?: unknown };
  } | null;
  const code = shape?.details?.odataError?.code ?? shape?.details?.errorCode ?? shape?.code;
  return {
    status: typeof shape?.statusCode === 'number' ? shape.statusCode : undefined,
    code: typeof code === 'string' ? code : '',
  };
}

/**
 * An error of an Azure storage service as a Failure. A Failure, and what is no error of a service or of the way to it,
 * is handed back as it is.
 *
 * @param where what was spoken to, for the message: `table storage https://…`, `container recordings of https://…`
 */
export function azureFailure(error: unknown, where: string): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  const { status, code } = azureStatus(error);
  const told = code === '' ? `status ${status}` : code;
  const options = { cause: error };
  if (status === 401 || status === 403) {
    return new Failure(
      'terminal',
      'no-access',
      `No access to ${where} (${told}). Check the identity and its roles.`,
      options,
    );
  }
  if (status === 507 || code === 'AccountQuotaExceeded' || code === 'InsufficientStorage') {
    return new Failure(
      'terminal',
      'disk-full',
      `${where} is full (${told}). Raise its quota or free space.`,
      options,
    );
  }
  if (status !== undefined && (status === 408 || status === 429 || status >= 500 || isPassing(code))) {
    return new Failure(
      'transient',
      'storage-busy',
      `${where} did not answer as it should (${told}).`,
      options,
    );
  }
  if (status !== undefined && status >= 400) {
    return new Failure('terminal', 'storage-refused', `${where} refused a request (${told}).`, options);
  }
  if (error.name === 'AuthenticationError' || error.name === 'CredentialUnavailableError') {
    return new Failure(
      'terminal',
      'no-identity',
      `No sign-in for ${where}. Check the managed identity.`,
      options,
    );
  }
  if (
    error.name === 'RestError' ||
    error.name === 'AbortError' ||
    /^(E[A-Z]{3,}|REQUEST_SEND_ERROR)/.test(code)
  ) {
    return new Failure(
      'transient',
      'storage-unreachable',
      `${where} cannot be reached (${code || error.name}).`,
      options,
    );
  }
  return error;
}

/** Conflicts that pass by themselves: a table or container that is being deleted or made. */
function isPassing(code: string): boolean {
  return code === 'TableBeingDeleted' || code === 'ContainerBeingDeleted' || code === 'OperationTimedOut';
}
