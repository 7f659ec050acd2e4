// An agent that does what it is told: it speaks the Agent Client Protocol on its standard input and output, and takes the lines of every
// ```script block of a prompt as orders. What it says on the wire it writes by hand, so that it can also say what is wrong.
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const { FAKE_AGENT_AUTH, FAKE_AGENT_EARLY, FAKE_AGENT_STUBBORN, FAKE_AGENT_STORE, FAKE_AGENT_LOG } = process.env;
const write = (text) => process.stdout.write(`${text}\n`);
const send = (message) => write(JSON.stringify({ jsonrpc: '2.0', ...message }));
const update = (sessionId, what) => send({ method: 'session/update', params: { sessionId, update: what } });
const waiting = new Map();
const sessions = new Map();
let nextId = 1;

class Refused extends Error {}

const request = (method, params) =>
  new Promise((answer) => {
    const id = nextId++;
    waiting.set(id, answer);
    send({ id, method, params });
  });

const run = (cwd, program, args, env = process.env) =>
  new Promise((done, fail) =>
    execFile(program, args, { cwd, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) =>
      error ? fail(new Error(`${program} ${args.join(' ')}: ${stderr || error.message}`)) : done(stdout),
    ),
  );

const appears = (path) =>
  new Promise((there) => {
    const watcher = watch(dirname(path), () => existsSync(path) && end());
    const end = () => {
      watcher.close();
      there();
    };
    if (existsSync(path)) end();
  });

const text = (words, from) => words.slice(from).join(' ').replaceAll('\\n', '\n');

const orders = {
  async write({ cwd }, words) {
    const path = resolve(cwd, words[0]);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${text(words, 1)}\n`);
  },
  async append({ cwd }, words) {
    appendFileSync(resolve(cwd, words[0]), `${text(words, 1)}\n`);
  },
  async commit({ cwd }, words) {
    await run(cwd, 'git', ['add', '--all']);
    await run(cwd, 'git', ['commit', '--quiet', '--allow-empty', '-m', text(words, 0)]);
  },
  run: ({ cwd }, words) => run(cwd, 'sh', ['-c', words.join(' ')]),
  coppice: ({ cwd }, words) => run(cwd, 'sh', ['-c', `exec ${process.env.FAKE_AGENT_CLI ?? 'coppice'} ${words.join(' ')}`]),
  wait: (_, words) => appears(words[0]),
  async ask(session, words) {
    const toolCall = { toolCallId: `call-${nextId}`, title: text(words, 0), kind: 'execute', status: 'pending' };
    const options = [
      { optionId: 'yes', name: 'Allow', kind: 'allow_once' },
      { optionId: 'no', name: 'Reject', kind: 'reject_once' },
    ];
    const { outcome } = await request('session/request_permission', { sessionId: session.id, toolCall, options });
    if (outcome?.optionId !== 'yes') throw new Refused(outcome?.outcome === 'cancelled' ? 'cancelled' : 'end_turn');
  },
  async plan(session, words) {
    const [done, all] = words[0].split('/').map(Number);
    const entries = Array.from({ length: all }, (_, at) => ({
      content: `step ${at + 1}`,
      priority: 'medium',
      status: at < done ? 'completed' : 'pending',
    }));
    update(session.id, { sessionUpdate: 'plan', entries });
  },
  async say(session, words) {
    update(session.id, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: text(words, 0) } });
  },
  async exit(_, words) {
    process.exit(Number(words[0] ?? 1));
  },
  async servers(session) {
    update(session.id, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: JSON.stringify(session.mcpServers) } });
  },
  hang: () => new Promise(() => {}),
  async refuse() {
    throw new Refused('refusal');
  },
  async limit(_, words) {
    const until = words.join(' ');
    throw Object.assign(new Error(`Usage limit reached${/^\d+$/.test(until) ? `|${until}` : `, ${until}`}`), { code: -32603 });
  },
  async garbage() {
    write('this is no message');
  },
  async bigline(_, words) {
    write(JSON.stringify({ x: 'x'.repeat(Number(words[0]) * 1024 * 1024) }));
  },
  async bigupdate(session, words) {
    update(session.id, {
      sessionUpdate: 'agent_message_chunk',
      content: { type: 'text', text: 'x'.repeat(Number(words[0]) * 1024 * 1024) },
    });
  },
  async malformed(session) {
    send({ method: 'session/update', params: null });
    update(session.id, null);
    update(session.id, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 7 } });
    send({ id: 'odd', method: 'session/request_permission', params: [] });
  },
  async unknown(session) {
    update(session.id, { sessionUpdate: 'of_a_newer_version', data: 1 });
    send({ method: '_vendor/notice', params: { a: 1 } });
  },
};

async function take(session, prompt) {
  const content = prompt.map((block) => block.text ?? '').join('\n');
  if (FAKE_AGENT_LOG) appendFileSync(FAKE_AGENT_LOG, `${session.id} ${content.split('\n')[0]}\n`);
  session.turns.push(content.split('\n')[0]);
  const scripts = [...content.matchAll(/^```script\n(.*?)^```/gms)].map(([, body]) => body);
  // Who is interrupted and remembers the conversation does what it was told in it.
  if (scripts.length > 0) session.scripts = scripts;
  else if (content.includes('You were interrupted') && session.scripts) scripts.push(...session.scripts);
  save(session);
  const lines = scripts
    .join('\n')
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines[0] === 'empty') return { stopReason: 'end_turn' };
  if (lines.length === 0) await orders.say(session, ['I', 'was', 'told', 'nothing', 'to', 'do.']);
  for (const line of lines) {
    if (session.cancelled) return { stopReason: session.lateCancel ? 'end_turn' : 'cancelled' };
    const [order, ...words] = line.trim().split(' ');
    if (order === 'late-cancel') session.lateCancel = true;
    else if (orders[order] === undefined) throw new Error(`there is no order "${order}"`);
    else await Promise.race([orders[order](session, words), session.untilCancelled]);
  }
  if (session.cancelled) return { stopReason: session.lateCancel ? 'end_turn' : 'cancelled' };
  await orders.say(session, ['Done.']);
  return { stopReason: 'end_turn', usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } };
}

const pathOf = (id) => join(FAKE_AGENT_STORE ?? '/nonexistent', `${id}.json`);
/** Whole or not at all: it is killed at any moment, and what it wrote by half it could not open again. */
function save({ id, turns, scripts }) {
  if (!FAKE_AGENT_STORE) return;
  const path = pathOf(id);
  writeFileSync(`${path}.new`, JSON.stringify({ turns, scripts }));
  renameSync(`${path}.new`, path);
}
function begin(id, cwd, { turns = [], scripts } = {}) {
  const session = { id, cwd, turns, scripts };
  sessions.set(id, session);
  save(session);
  return session;
}

const methods = {
  initialize: () => ({
    protocolVersion: 1,
    agentInfo: { name: 'fake', version: '1' },
    agentCapabilities: { loadSession: FAKE_AGENT_STORE !== undefined },
    authMethods: [{ id: 'login', name: 'Log in' }],
  }),
  'session/new'({ cwd, mcpServers }) {
    if (FAKE_AGENT_AUTH) throw Object.assign(new Error('Authentication required'), { code: -32000 });
    const session = begin(`fake-${process.pid}-${nextId++}`, cwd);
    session.mcpServers = mcpServers;
    if (FAKE_AGENT_EARLY) update(session.id, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'early' } });
    return { sessionId: session.id };
  },
  'session/load'({ sessionId, cwd }) {
    if (!existsSync(pathOf(sessionId))) throw Object.assign(new Error(`there is no session ${sessionId}`), { code: -32002 });
    const session = begin(sessionId, cwd, JSON.parse(readFileSync(pathOf(sessionId), 'utf8')));
    for (const turn of session.turns) update(sessionId, { sessionUpdate: 'user_message_chunk', content: { type: 'text', text: turn } });
    return {};
  },
  'session/set_mode': () => ({}),
  'session/set_model': () => ({}),
  async 'session/prompt'({ sessionId, prompt }) {
    const session = sessions.get(sessionId);
    session.cancelled = false;
    session.lateCancel = false;
    session.untilCancelled = new Promise((cancelled) => {
      session.cancel = () => {
        session.cancelled = true;
        cancelled();
      };
    });
    try {
      return await take(session, prompt);
    } catch (error) {
      if (error instanceof Refused) return { stopReason: error.message };
      throw error;
    }
  },
  'session/cancel': ({ sessionId }) => sessions.get(sessionId)?.cancel?.(),
};

if (FAKE_AGENT_STUBBORN) for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, () => {});
const lines = createInterface({ input: process.stdin });
lines.on('line', async (line) => {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method === undefined) {
    waiting.get(id)?.(result ?? { error });
    waiting.delete(id);
    return;
  }
  try {
    const answer = await methods[method](params ?? {});
    if (id !== undefined) send({ id, result: answer ?? {} });
  } catch (failure) {
    if (id !== undefined) send({ id, error: { code: failure.code ?? -32603, message: failure.message, data: failure.data } });
  }
});
lines.on('close', () => {
  if (FAKE_AGENT_STUBBORN) setInterval(() => {}, 1_000);
  else process.exit(0);
});
