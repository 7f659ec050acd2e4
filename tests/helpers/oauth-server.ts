// A real OAuth server (oidc-provider) on loopback, with device codes, and a user who confirms or refuses them in a browser of sorts. What
// stands in front of it can answer in its place: to slow a client down, or to be out of order.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Provider {
  callback(): (request: IncomingMessage, response: ServerResponse) => void;
  on(event: string, listener: (context: { oidc: { params: { grant_type: string } } }) => void): void;
}
type ProviderClass = new (issuer: string, configuration: object) => Provider;

export interface OAuthServer extends AsyncDisposable {
  readonly issuer: string;
  /** TOML of its section, [auth.<name>]. */
  section(name: string, more?: string): string;
  /** The user opens the page and says yes. */
  confirm(verificationUriComplete: string): Promise<void>;
  refuse(verificationUriComplete: string): Promise<void>;
  /** Answers the next requests to the token endpoint, one after the other, in the place of the server. */
  interpose(...answers: readonly Answer[]): void;
  /** Leaves the next request to the token endpoint without an answer. */
  hold(): void;
  /** Requests by path, as they came. */
  readonly requests: readonly string[];
  /** Tokens that were given out, by grant. */
  granted(grant: 'device_code' | 'refresh_token'): number;
}

/** `drop` cuts the connection, `hold` leaves it as it is. */
export type Answer = 'slow_down' | 'server_error' | 'drop' | 'hold';

export interface OAuthServerOptions {
  readonly accessTokenSeconds?: number;
  readonly deviceCodeSeconds?: number;
  /** Makes the client one with a secret. */
  readonly clientSecret?: string;
}

export async function startOAuthServer(options: OAuthServerOptions = {}): Promise<OAuthServer> {
  const { accessTokenSeconds = 3_600, deviceCodeSeconds = 600, clientSecret } = options;
  const name: string = 'oidc-provider';
  const { default: Provider } = (await import(name)) as { default: ProviderClass };
  const requests: string[] = [];
  const interposed: Answer[] = [];
  const grants: string[] = [];
  let callback: ReturnType<Provider['callback']> | undefined;
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    requests.push(path);
    const answer = path === '/token' ? interposed.shift() : undefined;
    if (answer === undefined) callback?.(request, response);
    else inPlace(answer, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'coppice',
        ...(clientSecret === undefined ? { token_endpoint_auth_method: 'none' } : { client_secret: clientSecret }),
        application_type: 'native',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        response_types: [],
        redirect_uris: [],
      },
    ],
    features: { deviceFlow: { enabled: true }, revocation: { enabled: true }, devInteractions: { enabled: true } },
    ttl: {
      AccessToken: accessTokenSeconds,
      DeviceCode: deviceCodeSeconds,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 600,
      Interaction: 600,
    },
    rotateRefreshToken: true,
    cookies: { keys: ['not a secret'] },
  });
  provider.on('grant.success', ({ oidc }) => void grants.push(oidc.params.grant_type));
  callback = provider.callback();
  return {
    issuer,
    requests,
    section: (section, more = '') =>
      `[auth.${section}]\nissuer = "${issuer}"\nclient_id = "coppice"\nscopes = ["openid", "offline_access"]\n${more}\n`,
    confirm: (uri) => visit(uri, 'yes'),
    refuse: (uri) => visit(uri, 'abort'),
    interpose: (...answers) => void interposed.push(...answers),
    hold: () => void interposed.push('hold'),
    granted: (grant) => grants.filter((type) => type.endsWith(grant)).length,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function inPlace(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  if (answer === 'hold') return;
  if (answer === 'drop') return void request.socket.destroy();
  const status = answer === 'server_error' ? 503 : 400;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: answer }));
}

/** Fills in forms until there is none any more, as a person in a browser would. */
async function visit(uri: string, decision: 'yes' | 'abort'): Promise<void> {
  const cookies = new Map<string, string>();
  const open = async (url: string, form?: URLSearchParams): Promise<{ url: string; html: string }> => {
    const cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie }, ...(form ? { method: 'POST', body: form } : {}) });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    if (location !== null) return open(new URL(location, url).href);
    return { url, html: await response.text() };
  };
  let page = await open(uri);
  for (let forms = 0; forms < 6 && page.html.includes('<form'); forms++) {
    const action = /<form[^>]*action="([^"]*)"/.exec(page.html)?.[1] ?? page.url;
    const fields = [...page.html.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)].map(
      ([, key, value]) => [key, value] as [string, string],
    );
    const form = new URLSearchParams(fields);
    if (page.html.includes('name="login"')) form.set('login', 'ada');
    if (page.html.includes('name="password"')) form.set('password', 'any');
    if (decision === 'abort') form.set('abort', 'yes');
    else form.set('confirm', 'yes');
    page = await open(new URL(action, page.url).href, form);
    if (decision === 'abort') return;
  }
}
