// Everything that is refused before a connection becomes a WebSocket, and what lets one through.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Peer } from '../../rpc/peer.ts';
import { proofOf } from '../../rpc/proof.ts';
import { connectWebSocket, type WebSocketListener } from '../../rpc/websocket.ts';
import { limits } from '../../schemas/limits.ts';
import { rawHttp, upgradeHeaders } from '../helpers/rpc-http.ts';
import { bearer, challenge, createListener, token } from '../helpers/rpc-websocket.ts';

let listener: WebSocketListener;
let port: number;
beforeAll(async () => {
  listener = createListener();
  ({ port } = await listener.listen());
});
afterAll(async () => {
  await listener.close();
});

const hostLine = () => `Host: 127.0.0.1:${port}`;
const upgrade = (headers: readonly string[], target = '/') => rawHttp(port, `GET ${target} HTTP/1.1`, [...upgradeHeaders, ...headers]);

describe('the guard', () => {
  test('a token in the Authorization header opens, whatever the case of its scheme', async () => {
    expect((await upgrade([hostLine(), bearer])).status).toBe(101);
    expect((await upgrade([hostLine(), `authorization: bearer ${token}`])).status).toBe(101);
  });

  test.each(['127.0.0.1', 'localhost', '[::1]', 'LocalHost'])('the Host %s with our port is accepted', async (name) => {
    expect((await upgrade([`Host: ${name}:${port}`, bearer])).status).toBe(101);
  });

  test.each([
    'evil.example:PORT',
    '127.0.0.1',
    'localhost',
    '127.0.0.1:1',
    '127.0.0.1.evil.example:PORT',
    'localhost.:PORT',
    '127.0.0.2:PORT',
    '0.0.0.0:PORT',
    '2130706433:PORT',
    '::1:PORT',
    'user@127.0.0.1:PORT',
    '127.0.0.1:PORT, evil.example',
    '',
  ])('the Host %j is 421', async (host) => {
    const header = `Host: ${host.replace('PORT', String(port))}`;
    expect((await upgrade([header, bearer])).status).toBe(421);
    expect((await rawHttp(port, `GET /proof?challenge=${challenge} HTTP/1.1`, [header])).status).toBe(421);
  });

  test('no Host, and two of them, are 421', async () => {
    expect((await upgrade([bearer])).status).toBe(421);
    expect((await upgrade([hostLine(), 'Host: evil.example', bearer])).status).toBe(421);
    expect((await upgrade(['Host: evil.example', hostLine(), bearer])).status).toBe(421);
  });

  test.each([
    'null',
    'https://evil.example',
    'http://localhost',
    'https://good.example.evil',
    'https://good.example:443',
    'HTTPS://GOOD.EXAMPLE',
    '',
  ])('the Origin %j is 403, also with a good token', async (origin) => {
    expect((await upgrade([hostLine(), bearer, `Origin: ${origin}`])).status).toBe(403);
  });

  test('an Origin on the list is accepted, and does not stand in for a token', async () => {
    expect((await upgrade([hostLine(), bearer, 'Origin: https://good.example'])).status).toBe(101);
    expect((await upgrade([hostLine(), 'Origin: https://good.example'])).status).toBe(401);
    expect((await upgrade([hostLine(), bearer, 'Origin: https://good.example', 'Origin: null'])).status).toBe(403);
  });

  test('a list that holds null does not let null in', async () => {
    const careless = createListener({ allowedOrigins: () => ['null'] });
    const own = await careless.listen();
    const answer = await rawHttp(own.port, 'GET / HTTP/1.1', [...upgradeHeaders, `Host: 127.0.0.1:${own.port}`, bearer, 'Origin: null']);
    expect(answer.status).toBe(403);
    await careless.close();
  });

  test.each(
    [[], ['Authorization: Bearer wrong'], ['Authorization: Bearer '], [`Authorization: Basic ${token}`], [`Authorization: ${token}`]].map(
      (headers) => [headers],
    ),
  )('the credentials %j are 401', async (headers) => {
    const answer = await upgrade([hostLine(), ...headers]);
    expect(answer.status).toBe(401);
    expect(answer.headers).toContain('www-authenticate: bearer');
  });

  test('a wrong token in the header is not saved by a good subprotocol', async () => {
    expect((await upgrade([hostLine(), 'Authorization: Bearer wrong', `Sec-WebSocket-Protocol: coppice.token.${token}`])).status).toBe(401);
  });

  test.each(['/?token=x', '/?access_token=x', '/?'])('the query in %s is 400', async (target) => {
    expect((await upgrade([hostLine(), bearer], target)).status).toBe(400);
  });

  test.each(['/rpc', '/proof', '//', 'http://127.0.0.1/'])('the path %s is 404', async (target) => {
    expect((await upgrade([hostLine(), bearer], target)).status).toBe(404);
  });

  test.each(['GET / HTTP/1.1', 'POST / HTTP/1.1', 'POST /proof HTTP/1.1', 'PUT / HTTP/1.1', 'OPTIONS / HTTP/1.1', 'GET /other HTTP/1.1'])(
    'plain %s is 426',
    async (line) => {
      const answer = await rawHttp(port, line, [hostLine(), bearer, 'Content-Type: text/plain', 'Content-Length: 2'], '{}');
      expect(answer.status).toBe(426);
      expect(answer.headers).toContain('upgrade: websocket');
      expect(answer.headers).not.toContain('access-control');
    },
  );

  test('a POST that asks for an upgrade, and an upgrade to something else, are 426', async () => {
    expect((await rawHttp(port, 'POST / HTTP/1.1', [...upgradeHeaders, hostLine(), bearer])).status).toBe(426);
    expect((await rawHttp(port, 'GET / HTTP/1.1', ['Connection: Upgrade', 'Upgrade: h2c', hostLine(), bearer])).status).toBe(426);
  });

  test('headers that are too long are refused', async () => {
    expect((await upgrade([hostLine(), bearer, `X-Long: ${'x'.repeat(2 * limits.headerBytes)}`])).status).toBe(431);
  });

  test('tokens that can not be checked are 503', async () => {
    const broken = createListener({
      authenticate: () => {
        throw new Error('the store is gone');
      },
    });
    const own = await broken.listen();
    expect((await rawHttp(own.port, 'GET / HTTP/1.1', [...upgradeHeaders, `Host: localhost:${own.port}`, bearer])).status).toBe(503);
    await broken.close();
  });
});

describe('the subprotocol', () => {
  const open = async (protocols: string[]): Promise<string> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, protocols);
    await once(socket, 'open');
    socket.close();
    return socket.protocol;
  };

  test('carries the token of a browser and is chosen in the answer', async () => {
    expect(await open([`coppice.token.${token}`])).toBe(`coppice.token.${token}`);
  });

  test('is the plain name when that is offered, so that the token is not repeated', async () => {
    expect(await open(['coppice', `coppice.token.${token}`])).toBe('coppice');
    expect(await open([`coppice.token.${token}`, 'coppice'])).toBe('coppice');
  });

  test('does not open with a wrong token, an empty one, or two', async () => {
    for (const offered of ['coppice.token.wrong', 'coppice.token.', 'coppice', `coppice.token.${token}, coppice.token.other`]) {
      expect((await upgrade([hostLine(), `Sec-WebSocket-Protocol: ${offered}`])).status).toBe(401);
    }
  });
});

describe('the proof', () => {
  const ask = (query: string, headers = [hostLine()]) => rawHttp(port, `GET /proof${query} HTTP/1.1`, headers);

  test('is the HMAC of the challenge, without a token', async () => {
    const answer = await ask(`?challenge=${challenge}`);
    expect(answer).toMatchObject({ status: 200, body: proofOf('the secret', challenge) });
  });

  test.each([
    '',
    '?',
    '?challenge=',
    '?challenge=zz',
    `?challenge=${'ab'.repeat(7)}`,
    `?challenge=${'ab'.repeat(65)}`,
    `?challenge=${challenge}&challenge=${challenge}`,
    `?challenge=${challenge}&token=x`,
  ])('of the query %j is 400', async (query) => {
    expect((await ask(query)).status).toBe(400);
  });

  test('is not given to a web page', async () => {
    expect((await ask(`?challenge=${challenge}`, [hostLine(), 'Origin: https://evil.example'])).status).toBe(403);
  });

  test('is asked for by our client, and one that is wrong ends it before the token is shown', async () => {
    const expectProof = (hex: string) => proofOf('the secret', hex);
    const client = new Peer(await connectWebSocket({ port, token, expectProof }));
    expect(await client.call('get_data')).toEqual(['hello', 5]);
    client.close();

    const shown: string[] = [];
    const squatter = createServer((request, response) => {
      shown.push(JSON.stringify(request.headers));
      response.end('0'.repeat(64));
    });
    squatter.listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const stolen = (squatter.address() as AddressInfo).port;
    await expect(connectWebSocket({ port: stolen, token, expectProof })).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
    expect(shown).toHaveLength(1);
    expect(shown[0]).not.toContain(token);
    squatter.close();
  });
});
