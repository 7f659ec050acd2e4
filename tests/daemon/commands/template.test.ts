import { describe, expect, test } from 'vitest';
import { createLookup, renderDeep, renderTemplate, templateNames } from '../../../daemon/commands/template.ts';

const lookup = createLookup({
  arguments: { feature: 'new {{ user }} $(id)', parts: ['a', 'b'], dry: false, branch: 'mine' },
  declared: ['feature', 'parts', 'dry', 'branch', 'absent'],
  variables: { user: 'ada', branch: 'session' },
  data: { 'a.b': 'flat', deep: { x: { y: 7 } }, nothing: null },
  steps: { build: { exitCode: 0 } },
});

describe('a template', () => {
  test.each([
    ['no template', 'no template'],
    ['{{user}}/{{ user }}', 'ada/ada'],
    ['{{ feature }}', 'new {{ user }} $(id)'],
    ['{{ parts }}', '["a","b"]'],
    ['{{ dry }}', 'false'],
    ['{{ branch }}', 'mine'],
    ['{{ data.a.b }} {{ data.deep.x.y }}', 'flat 7'],
    ['{{ steps.build.exitCode }}', '0'],
    ["{{ absent | default('x y') }}", 'x y'],
    ['{{ data.none | default("") }}|', '|'],
    ['{{ data.nothing | default(5) }}', '5'],
    ["{{ user | default('x') }}", 'ada'],
    ['}} {', '}} {'],
  ])('%j becomes %j', (text, rendered) => {
    expect(renderTemplate(text, lookup)).toBe(rendered);
  });

  test.each([
    ['{{ usr }}', 'No variable is named "usr"; did you mean "user"?'],
    ['{{ absent }}', '"absent" has no value here'],
    ['{{ tmux_session }}', '"tmux_session" has no value here'],
    ['{{ data.constructor }}', 'No variable is named "data.constructor"'],
    ['{{ constructor }}', 'No variable is named "constructor"'],
    ['{{ user', 'is no template'],
    ['{{ user | upper }}', 'is no template'],
    ['{{ }}', 'is no template'],
  ])('%j is refused', (text, message) => {
    expect(() => renderTemplate(text, lookup)).toThrow(message);
  });

  test('names what it uses', () => {
    expect(templateNames("{{ a }} {{ data.b | default('{{ c }}') }} {{ a }}")).toEqual(['a', 'data.b']);
  });

  test('is found at any depth of step args', () => {
    expect(renderDeep({ a: ['{{ user }}', 1], b: { c: '{{ dry }}' }, d: null }, lookup)).toEqual({
      a: ['ada', 1],
      b: { c: 'false' },
      d: null,
    });
  });
});
