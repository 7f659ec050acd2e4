// The blocks of a prompt as the one text that every kind of agent takes. Pure.
import type { ContentBlock } from '@agentclientprotocol/sdk';
import { Failure } from '../../../schemas/errors.ts';

/** Throws INVALID_PARAMS for a block that is no text and names none. */
export function promptText(blocks: readonly ContentBlock[]): string {
  const text = blocks.map(textOf).join('').trim();
  if (text === '') throw wrong('has no text; write what the agent shall do.');
  return text;
}

function textOf(block: ContentBlock): string {
  switch (block.type) {
    case 'text':
      return block.text;
    case 'resource_link':
      return `[${block.name}](${block.uri})`;
    case 'resource': {
      const { resource } = block;
      if (!('text' in resource) || typeof resource.text !== 'string') throw wrong(`holds "${resource.uri}", which is no text.`);
      return `\n\n<context uri="${resource.uri}">\n${resource.text}\n</context>\n\n`;
    }
    default:
      throw wrong(`holds a block of type "${block.type}"; only text is taken.`);
  }
}

function wrong(what: string): Failure {
  return new Failure('INVALID_PARAMS', `The prompt ${what}`, { details: { issues: [{ path: ['prompt'], message: what }] } });
}
