import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { Failure } from '../errors.ts';
import { type Access, bearerToken, unauthenticated } from './access.ts';
import { principalOf } from './entra-claims.ts';

export interface EntraOptions {
  /** GUID. */
  readonly tenantId: string;
  /** Client id of the application that tokens are issued for, a GUID. */
  readonly applicationId: string;
  /** Of a national cloud. Default `https://login.microsoftonline.com`. */
  readonly authority?: string | undefined;
  /** Where the signing keys are, if not where the authority has them. */
  readonly keysAt?: URL;
  /** Our clock, milliseconds since 1970. */
  readonly now?: () => number;
  /** Keys are asked for again after an unknown one, but not within this time. Milliseconds, default 30,000. */
  readonly cooldownMs?: number;
}

/** Clocks may differ by so much. Seconds. */
const TOLERANCE = 60;
/** A key that Entra ID has withdrawn is believed for as long. Milliseconds. */
const KEYS_FRESH = 3_600_000;
const KEYS_TIMEOUT = 10_000;

/**
 * Access tokens of Microsoft Entra ID, verified here: signature (RS256 alone) by a key of the tenant, issuer (v2.0 and
 * v1.0), tenant, audience, times. Facts: "Access token claims reference" and "Secure applications and APIs by
 * validating claims" of the Microsoft identity platform.
 */
export function entraAccess(options: EntraOptions): Access {
  const { tenantId, applicationId, now = Date.now } = options;
  const { issuers, keys } = entraAddresses(tenantId, options.authority);
  const key = tenantKeys(options.keysAt ?? keys, options.cooldownMs);
  const where = `Get one for api://${applicationId}.`;
  return {
    async authenticate(headers) {
      const token = bearerToken(headers, where);
      let claims: JWTPayload;
      try {
        ({ payload: claims } = await jwtVerify(token, key, {
          algorithms: ['RS256'],
          issuer: issuers,
          audience: [applicationId, `api://${applicationId}`],
          requiredClaims: ['exp', 'sub', 'tid'],
          clockTolerance: TOLERANCE,
          currentDate: new Date(now()),
        }));
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
        throw unauthenticated(`${whyNot(error)} ${where}`);
      }
      if (String(claims.tid).toLowerCase() !== tenantId.toLowerCase())
        throw unauthenticated(`The token is of another tenant. ${where}`);
      // Tokens for showing who is signed in have the same audience, and no client that was let in to call.
      if (typeof claims.azp !== 'string' && typeof claims.appid !== 'string')
        throw unauthenticated(`The token is not an access token. ${where}`);
      return principalOf(claims);
    },
  };
}

/** Issuers of a tenant's tokens (v2.0, v1.0), and where its signing keys are. */
export function entraAddresses(
  tenantId: string,
  authority = 'https://login.microsoftonline.com',
): { readonly issuers: string[]; readonly keys: URL } {
  const tenant = tenantId.toLowerCase();
  const { origin, hostname } = new URL(authority);
  // In China the authority has two names, and tokens the newer one.
  const china = hostname.endsWith('.cn');
  const login = china ? 'https://login.partner.microsoftonline.cn' : origin;
  const sts = china ? 'https://sts.chinacloudapi.cn' : 'https://sts.windows.net';
  return {
    issuers: [`${login}/${tenant}/v2.0`, `${sts}/${tenant}/`],
    keys: new URL(`${login}/${tenant}/discovery/v2.0/keys`),
  };
}

/** A key that is not there makes the token bad; keys that cannot be had say nothing of it. */
function tenantKeys(url: URL, cooldownDuration = 30_000): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, {
    cacheMaxAge: KEYS_FRESH,
    timeoutDuration: KEYS_TIMEOUT,
    cooldownDuration,
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported
      )
        throw error;
      throw new Failure(
        'transient',
        'entra-keys-unavailable',
        `The signing keys of Microsoft Entra ID cannot be had from ${url.host}: nobody can be let in until they can.`,
        { cause: error },
      );
    }
  };
}

/** Says nothing that was in the token. */
function whyNot(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const said: Readonly<Record<string, string>> = {
      aud: 'The token is for another application.',
      iss: 'The token is of another issuer.',
      nbf: 'The token is not valid yet.',
    };
    return said[error.claim] ?? 'The token lacks a claim.';
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'The token is not signed with RS256.';
  return 'The token is not valid.';
}
