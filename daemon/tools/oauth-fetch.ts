// How answers of an OAuth server are read before the library sees them.
import { limits } from '../../schemas/limits.ts';

interface Request extends Omit<RequestInit, 'body'> {
  readonly body?: RequestInit['body'] | undefined;
}

/** `fetch` with a bound on the answer. */
export async function boundedFetch(url: string, { body: sent = null, ...init }: Request): Promise<Response> {
  const response = await fetch(url, { ...init, body: sent });
  const text = await readBounded(response);
  const { status, body } = tidied(response.status, text);
  return new Response(body === '' ? null : body, { status, headers: response.headers });
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > limits.authResponseBytes) throw new TypeError(`the answer has more than ${limits.authResponseBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * An id_token says who the user is, which nobody here asks, so its signature is no reason to fail. Some servers answer errors with status
 * 200, GitHub's among them.
 */
function tidied(status: number, text: string): { status: number; body: string } {
  if (status !== 200) return { status, body: text };
  const body = parsed(text);
  if (body === undefined) return { status, body: text };
  if (typeof body.error === 'string' && body.access_token === undefined) return { status: 400, body: text };
  const { id_token: idToken, ...others } = body;
  return { status, body: idToken === undefined ? text : JSON.stringify(others) };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
