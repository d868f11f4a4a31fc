import { Failure } from '../errors.ts';

const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|CRL_|ERROR_IN_CERT)/;
const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
]);

/** What a socket or the HTTP parser said, as a Failure. @param where site name and host */
export function transportFailure(error: unknown, where: string, what: string, inBody: boolean): Failure {
  if (error instanceof Failure) return error;
  const { code, message } = describe(error);
  const options = { cause: error };
  if (CERTIFICATE.test(code)) return certificateFailure(code, where, options);
  if (UNREACHABLE.has(code)) {
    const why = code === 'ENOTFOUND' ? 'the host name is not known' : code;
    return new Failure(
      'transient',
      'unreachable',
      `${where} cannot be reached (${why}): check Host and the network.`,
      options,
    );
  }
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') {
    const text = `${where} did not agree on TLS 1.2 or newer (${code}): check Host, its port and the appliance's TLS settings.`;
    return new Failure('transient', 'tls', text, options);
  }
  if (inBody && (message === 'aborted' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code.startsWith('HPE_'))) {
    return new Failure('transient', 'truncated', `${where} ended ${what} early.`, options);
  }
  if (code.startsWith('HPE_')) {
    return new Failure(
      'transient',
      'bad-reply',
      `${where} did not answer in HTTP for ${what} (${code}).`,
      options,
    );
  }
  const lost = `${where} lost the connection during ${what} (${code === '' ? 'no code' : code}).`;
  return new Failure('transient', 'connection-lost', lost, options);
}

function certificateFailure(code: string, where: string, options: { cause: unknown }): Failure {
  const advice =
    code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID'
      ? 'renew the certificate, or check the clocks'
      : code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code === 'HOSTNAME_MISMATCH'
        ? 'the certificate is for another host name; give the host that it names'
        : "give the site's certificate authority, with its intermediate certificates, in the site's settings";
  return new Failure(
    'terminal',
    'certificate',
    `The certificate of ${where} is not trusted (${code}): ${advice}.`,
    options,
  );
}

function describe(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: '', message: '' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Several addresses were tried, and all failed.
  if (code === '' && error instanceof AggregateError && error.errors.length > 0)
    return describe(error.errors[0]);
  return { code, message: error.message };
}
