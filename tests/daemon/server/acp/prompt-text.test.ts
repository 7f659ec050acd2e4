import { expect, test } from 'vitest';
import { promptText } from '../../../../daemon/server/acp/prompt-text.ts';

test('blocks become one text, what is linked by its name, what is embedded with where it is from', () => {
  const text = promptText([
    { type: 'text', text: 'Look at ' },
    { type: 'resource_link', name: 'a.ts', uri: 'file:///a.ts' },
    { type: 'resource', resource: { uri: 'file:///b.ts', text: 'const b = 1;' } },
  ]);
  expect(text).toBe('Look at [a.ts](file:///a.ts)\n\n<context uri="file:///b.ts">\nconst b = 1;\n</context>');
});

test.each([
  ['nothing', [], 'has no text'],
  ['spaces', [{ type: 'text', text: ' \n' }], 'has no text'],
  ['a picture', [{ type: 'image', data: '', mimeType: 'image/png' }], '"image"'],
  ['bytes', [{ type: 'resource', resource: { uri: 'file:///x', blob: 'AA==' } }], '"file:///x", which is no text'],
] as const)('%s is refused', (_, blocks, why) => {
  expect(() => promptText(blocks as never)).toThrow(why);
});
