// A page or an answer of an API as text, bounded in time and size.
import { Failure, isFailure } from '../../schemas/errors.ts';
import { limits } from '../../schemas/limits.ts';

export type FetchText = (url: string, headers?: Readonly<Record<string, string>>) => Promise<string>;

/** Throws TOOL_FAILED {tool: "http"} for no answer, one that is no success, or one that is too long. */
export const fetchText: FetchText = async (url, headers = {}) => {
  const failed = (why: string, cause?: unknown): Failure =>
    new Failure('TOOL_FAILED', `"${url}" could not be fetched: ${why}.`, { details: { tool: 'http', url }, cause });
  let response: Response;
  try {
    response = await fetch(url, { headers, signal: AbortSignal.timeout(limits.toolMs) });
  } catch (error) {
    throw failed((error as Error).message, error);
  }
  if (!response.ok) throw failed(`the server answered ${response.status} ${response.statusText}`);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > limits.planBytes) throw failed(`it is longer than ${limits.planBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw isFailure(error) ? error : failed((error as Error).message, error);
  }
  return Buffer.concat(chunks).toString('utf8');
};
