/** An error reply of Azure Files: status, code and message as its documentation lists them. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(messages[code] ?? code);
    this.status = status;
    this.code = code;
  }
}

const messages: Readonly<Record<string, string>> = {
  AuthenticationFailed: 'Server failed to authenticate the request.',
  AuthorizationPermissionMismatch:
    'This request is not authorized to perform this operation using this permission.',
  InternalError: 'Server encountered an internal error. Please retry the request.',
  InvalidFileOrDirectoryPathName: 'File or directory path is too long.',
  InvalidHeaderValue: 'The value provided for one of the HTTP headers was not in the correct format.',
  InvalidRange: 'The range specified is invalid for the current size of the resource.',
  InvalidResourceName: 'The specified resource name contains invalid characters.',
  LeaseAlreadyPresent: 'There is already a lease present.',
  LeaseIdMismatchWithFileOperation: 'The lease ID specified did not match the lease ID for the file.',
  LeaseIdMismatchWithLeaseOperation: 'The lease ID specified did not match the lease ID for the file.',
  LeaseIdMissing: 'There is currently a lease on the file and no lease ID was specified in the request.',
  LeaseNotPresentWithFileOperation: 'There is currently no lease on the file.',
  LeaseNotPresentWithLeaseOperation: 'There is currently no lease on the file.',
  MissingRequiredHeader: 'An HTTP header that is mandatory for this request is not specified.',
  NoAuthenticationInformation: 'Server failed to authenticate the request. No authentication information.',
  ParentNotFound: 'The specified parent path does not exist.',
  ReadOnlyAttribute: 'The specified resource is read-only and cannot be modified at this time.',
  RequestBodyTooLarge: 'The request body is too large and exceeds the maximum permissible limit.',
  ResourceAlreadyExists: 'The specified resource already exists.',
  ResourceNotFound: 'The specified resource does not exist.',
  ResourceTypeMismatch: 'The specified resource type does not match the type of the existing resource.',
  ServerBusy: 'The server is currently unable to receive requests. Please retry your request.',
  ShareNotFound: 'The specified share does not exist.',
  ShareSizeLimitReached: 'The share size limit is reached.',
  SharingViolation: 'The specified resource may be in use by an SMB client.',
};

export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
