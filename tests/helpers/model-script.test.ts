import { expect, test } from 'vitest';
import { messagesReply } from './model-anthropic.ts';
import { responsesReply } from './model-responses.ts';
import { replyTo, scriptIn, workingDirectoryIn } from './model-script.ts';

const bash = { name: 'Bash', takes: ['command', 'description'] };
const prompt = "Do it.\n\n```script\nwrite a.txt it's\nrun ls\nsay All done.\n```\n";

test('the lines of all fences are one script; a text without a fence has none', () => {
  expect(scriptIn('nothing')).toBeUndefined();
  expect(scriptIn(`${prompt}\n> \`\`\`script\n> commit x\n> \`\`\``.replaceAll('> commit', 'commit'))).toMatchObject({
    actions: [{ kind: 'write' }, { kind: 'run', command: 'ls' }, { kind: 'run' }],
    closing: 'All done.',
  });
  expect(() => scriptIn('```script\nrm x\n```')).toThrow('"rm x" is not a line');
});

test('call after call, then the closing sentence, by how many tools have answered', () => {
  const next = (results: number) => replyTo([{ text: prompt }, { results }], [bash], undefined);
  expect(next(0)).toMatchObject({ call: { name: 'Bash', input: { command: `printf %s 'it'\\''s\n' > 'a.txt'` } } });
  expect(next(1)).toMatchObject({ call: { input: { command: 'ls' } } });
  expect(next(2)).toEqual({ closing: 'All done.' });
});

test('the newest script counts, and answers before it do not', () => {
  const turns = [{ text: prompt }, { results: 2 }, { text: '```script\nrun second\n```' }];
  expect(replyTo(turns, [bash], undefined)).toMatchObject({ call: { input: { command: 'second' } } });
  expect(replyTo([...turns, { text: 'thank you' }, { results: 1 }], [bash], undefined)).toEqual({ closing: 'Done.' });
});

test('a question without tools is answered with a sentence', () => {
  expect(replyTo([{ text: prompt }], [], undefined)).toEqual({ closing: 'Nothing to do.' });
});

test('both APIs are read alike', () => {
  const script = '```script\nwrite a.txt x\n```';
  expect(
    messagesReply({
      system: 'Working directory: /src/demo\n',
      messages: [{ role: 'user', content: [{ type: 'text', text: script }] }],
      tools: [{ name: 'Write' }],
    }),
  ).toEqual({ call: { name: 'Write', input: { file_path: '/src/demo/a.txt', content: 'x\n' } } });
  const input = [{ type: 'message', role: 'user', content: [{ text: script }] }, { type: 'function_call_output' }];
  const tools = [{ type: 'function', name: 'exec_command', parameters: { properties: { cmd: {} } } }];
  expect(responsesReply({ input: input.slice(0, 1), tools })).toMatchObject({
    call: { name: 'exec_command', input: { cmd: expect.any(String) } },
  });
  expect(responsesReply({ input, tools })).toEqual({ closing: 'Done.' });
  expect(workingDirectoryIn('no such thing')).toBeUndefined();
});
