// What is opened over the list, line for line; undefined where the list stays to be seen.
import { keyHelp } from './key-help.ts';
import { type Line, span } from './line.ts';
import { plainText, wrap } from './plain-text.ts';
import type { PermissionScreen, QuestionScreen, Screen } from './ui.ts';

export function screenLines(screen: Screen, columns: number): Line[] | undefined {
  switch (screen.kind) {
    case 'plan':
    case 'output':
      return screen.text.flatMap((text) => wrap(text, Math.max(1, columns - 1)).map((part): Line => ({ spans: [span(part)] })));
    case 'help':
      return keyHelp.map(([key, does]) => ({ spans: [span(`  ${key.padEnd(16)}`, 'bold'), span(does)] }));
    case 'permission':
      return permissionLines(screen, columns);
    case 'question':
      return questionLines(screen, columns);
    default:
      return undefined;
  }
}

function permissionLines({ permission, chosen }: PermissionScreen, columns: number): Line[] {
  const about = toolCallText(permission.toolCall);
  return [
    ...paragraph(`An agent asks: ${plainText(permission.title)}`, columns),
    { spans: [span('')] },
    ...about.flatMap((text) => paragraph(text, columns)),
    ...(about.length === 0 ? [] : [{ spans: [span('')] }]),
    ...permission.options.map(({ name, kind }, index): Line => {
      const text = `${index === chosen ? '> ' : '  '}${index + 1}  ${plainText(name)} (${kind.replaceAll('_', ' ')})`;
      return { spans: [span(text, index === chosen ? 'bold' : 'plain')], selected: index === chosen };
    }),
  ];
}

/** As the agent described it: its fields, each on a line. */
function toolCallText(toolCall: unknown): string[] {
  if (typeof toolCall !== 'object' || toolCall === null) return [];
  return Object.entries(toolCall)
    .filter(([name]) => !['toolCallId', 'title', 'status'].includes(name))
    .map(([name, value]) => plainText(`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`))
    .map((text) => (text.length > 600 ? `${text.slice(0, 600)}…` : text));
}

function questionLines({ question, text }: QuestionScreen, columns: number): Line[] {
  return [...paragraph(question, columns), { spans: [span('')] }, ...paragraph(`> ${text}_`, columns)];
}

function paragraph(text: string, columns: number): Line[] {
  return wrap(text, Math.max(1, columns - 1)).map((part) => ({ spans: [span(part)] }));
}
