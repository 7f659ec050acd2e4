import { createHmac } from 'node:crypto';

/**
 * What `GET /proof` answers: HMAC-SHA256 in hex over the challenge as it stands in the request, keyed with the text of the secret in
 * `endpoint.json`. Only the daemon and readers of that file can make it, so a squatter on a freed port can not.
 */
export function proofOf(secret: string, challengeHex: string): string {
  return createHmac('sha256', secret).update(challengeHex).digest('hex');
}

/** Hex of 8 to 64 bytes. */
export function isChallenge(text: string): boolean {
  return /^[0-9a-fA-F]{16,128}$/.test(text);
}
