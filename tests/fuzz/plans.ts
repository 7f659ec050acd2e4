import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parsePlan } from '../../daemon/spec-tasks/plan/parse-plan.ts';
import { limits } from '../../schemas/limits.ts';
import { ParsedPlan } from '../../schemas/plan.ts';
import { inTime } from './in-time.ts';
import { mutatedText, repeatedText } from './mutated-text.ts';
import { fuzzTarget } from './target.ts';

const markers = [
  ...[
    '## Task 1: ',
    '### ',
    '- [ ] ',
    '- [x] ',
    '1. ',
    '  - ',
    '## Phase 2',
    '```',
    '```tasks\n',
    '~~~',
    '---\n',
    '**',
    '_',
    '`',
    '[P]',
    '[P0]',
    '[US1]',
  ],
  ...[
    '(S)',
    '(depends on 1-9)',
    '(after: ',
    ')',
    '(',
    '[',
    ']',
    'Effort: ',
    'Depends on: ',
    'all previous',
    'Acceptance:',
    'Files:',
    'Verify:\n',
    ':',
  ],
  ...[
    'T001',
    '1.1',
    '#3',
    '1-200',
    '\t',
    '\r',
    '\r\n',
    '\ufeff',
    '\0',
    '\u2028',
    '\ud83d',
    '😀',
    'İ',
    'é',
    '\n',
    '\n\n',
    ' ',
    '&a ',
    '*a',
    '{',
    '? ',
    '|',
  ],
];

const folder = join(import.meta.dirname, '../fixtures/plans');
const plans = readdirSync(folder)
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));

/** Of what is written the way that the README shows. */
const written = fc.array(
  fc.record({
    title: fc.stringMatching(/^[A-Z][a-z]{1,8}( [a-z]{1,8}){0,3}$/).filter((title) => !/\b(and|or|task|all|none|after)\b/i.test(title)),
    effort: fc.constantFrom('S', 'M', 'L'),
    acceptance: fc.array(fc.stringMatching(/^[a-z]{1,9}( [a-z]{1,9}){0,3}$/), { maxLength: 3 }),
    after: fc.array(fc.nat(), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 20 },
);
type Written = typeof written extends fc.Arbitrary<infer T> ? T : never;

export const plansTarget = fuzzTarget('plans', [
  {
    says: 'a mutated plan gives a result that is true of itself, in its time',
    runs: 20_000,
    of: () =>
      fc.property(mutatedText(plans, markers), fc.boolean(), (text, strict) => {
        // Its head is YAML, so it is given what other YAML is.
        holdsTrue(inTime(text, { ms: 40, perBytes: 10_000 }, () => parsePlan(text, { strict })));
      }),
  },
  {
    says: 'anything repeated up to the greatest size of a plan is answered within a second',
    runs: 40,
    of: () =>
      fc.property(repeatedText(markers, limits.planBytes), (text) => {
        holdsTrue(inTime(text, { ms: 1_000, perBytes: limits.planBytes }, () => parsePlan(text)));
      }),
  },
  {
    says: 'what is written the plain way is read as it was meant',
    runs: 500,
    of: () =>
      fc.property(written, (tasks) => {
        const { tasks: read, strategy, diagnostics } = parsePlan(planOf(tasks));
        const meant = tasks.map(({ title, acceptance, effort, after }, index) => ({
          ...{ label: String(index + 1), title, acceptance },
          effort: { S: 'small', M: 'medium', L: 'large' }[effort],
          dependencies: dependenciesOf(after, index),
        }));
        const found = read.map(({ label, title, acceptance, effort, dependencies }) => ({
          label,
          title,
          acceptance,
          effort,
          dependencies,
        }));
        equal(found, meant, 'tasks');
        equal([strategy, diagnostics], ['headings', []], 'strategy and diagnostics');
      }),
  },
]);

function planOf(tasks: Written): string {
  return tasks
    .map(({ title, effort, acceptance, after }, index) =>
      [
        `## Task ${index + 1}: ${title} (${effort})`,
        '',
        'What to do.',
        '',
        ...acceptance.map((line) => `- Acceptance: ${line}`),
        ...(after.length === 0 || index === 0
          ? []
          : [
              `- Depends on: ${dependenciesOf(after, index)
                .map((one) => one + 1)
                .join(', ')}`,
            ]),
      ].join('\n'),
    )
    .join('\n\n');
}

/** Earlier tasks only, so that nothing waits for itself. */
function dependenciesOf(after: readonly number[], index: number): number[] {
  return index === 0 ? [] : [...new Set(after.map((one) => one % index))].sort((a, b) => a - b);
}

function equal(found: unknown, meant: unknown, what: string): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(meant)];
  if (one !== other) throw new Error(`${what}: ${one} instead of ${other}`);
}

/** Throws what should be true of every result, and is not. */
function holdsTrue(parsed: ParsedPlan): void {
  const { tasks, waves, diagnostics } = parsed;
  const labels = tasks.map(({ label }) => label);
  const isKnown = (dependencies: number[]) => dependencies.every((one, at) => tasks[one] && one > (dependencies[at - 1] ?? -1));
  const isCircular = diagnostics.some(({ code }) => code === 'self_dependency' || code === 'dependency_cycle');
  const claims: readonly (readonly [string, boolean])[] = [
    ['labels are unique', new Set(labels).size === labels.length],
    ['indices are positions', tasks.every(({ index }, at) => index === at)],
    ['titles have a length', tasks.every(({ title, key }) => title !== '' && title.length <= 200 && key !== '' && key.length <= 48)],
    ['dependencies are known', tasks.every(({ dependencies }) => isKnown(dependencies))],
    ['waves are missing where something waits for itself', (waves === null) === isCircular],
    ['waves hold all tasks', waves === null || waves.flat().toSorted().join() === labels.toSorted().join()],
    ['the schema fits', ParsedPlan.safeParse(parsed).success],
  ];
  const wrong = claims.filter(([, holds]) => !holds).map(([claim]) => claim);
  if (wrong.length > 0) throw new Error(`not true: ${wrong.join(', ')}`);
}
