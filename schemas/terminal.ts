import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { limits } from './limits.ts';
import { AbsolutePath, Id, NextCursor, Ok, page, Ref, Time } from './primitives.ts';

export const Terminal = z
  .object({
    id: Id,
    name: z.string().describe('The name of the tmux session.'),
    tmuxId: z
      .string()
      .describe('The id of the tmux session, like $3. With hundreds of terminals there are several tmux servers: $3.1 is on the second.'),
    sessionId: Id.optional(),
    worktreeId: Id.optional(),
    cwd: z.string(),
    status: z.enum(['live', 'ended', 'lost']),
    reason: z.string().optional(),
    createdAt: Time,
    endedAt: Time.optional(),
  })
  .meta({ id: 'Terminal' });
export type Terminal = z.infer<typeof Terminal>;

export const TerminalWindow = z.object({
  windowId: z.string().describe('Its id in tmux, like @7 or @7.1.'),
  paneId: z.string().describe('The id of its pane in tmux, like %9 or %9.1.'),
  name: z.string(),
  pid: z.int(),
  dead: z.boolean(),
  command: z.string().describe('What runs in the foreground.'),
  columns: z.int(),
  rows: z.int(),
});
export type TerminalWindow = z.infer<typeof TerminalWindow>;

const terminal = Ref.describe('Terminal id or name, or the id or slug of its session.');

export const terminalMethods = {
  'terminal.list': defineMethod({
    summary: 'Terminals, newest first; live ones unless asked.',
    access: 'read',
    effect: 'read',
    params: { ...page, all: z.boolean().default(false) },
    result: z.object({ terminals: z.array(Terminal), nextCursor: NextCursor }),
  }),
  'terminal.get': defineMethod({
    summary: 'One terminal with its windows and how many clients are attached.',
    access: 'read',
    effect: 'read',
    params: { terminal },
    result: Terminal.extend({ windows: z.array(TerminalWindow), attachedClients: z.int() }),
    errors: ['NOT_FOUND', 'TOOL_MISSING', 'TOOL_FAILED'],
  }),
  'terminal.capture': defineMethod({
    summary: 'The text on the screen of a terminal, with history on request.',
    access: 'read',
    effect: 'read',
    params: {
      terminal,
      windowId: z.string().max(32).optional().describe('Default: the active window.'),
      historyLines: z.int().min(0).max(limits.captureLines).default(0),
      colours: z.boolean().default(false).describe('Keep escape sequences for colour and style.'),
    },
    result: z.object({ paneId: z.string(), text: z.string() }),
    errors: ['NOT_FOUND', 'PRECONDITION', 'TOOL_MISSING', 'TOOL_FAILED'],
  }),
  'terminal.send': defineMethod({
    summary: 'Types text into a terminal: leaves copy mode first, pastes multi-line text bracketed.',
    access: 'operate',
    effect: 'mutation',
    params: { terminal, windowId: z.string().max(32).optional(), text: z.string().max(limits.sendBytes), enter: z.boolean().default(true) },
    result: z.object({ status: z.literal('typed') }),
    errors: ['NOT_FOUND', 'PRECONDITION', 'TOOL_MISSING', 'TOOL_FAILED'],
  }),
  'terminal.attach': defineMethod({
    summary: 'The argv to run to watch and use a terminal.',
    access: 'operate',
    effect: 'read',
    params: { terminal, insideTmux: z.string().max(4096).optional().describe('$TMUX of the caller, when set.') },
    result: z.object({ argv: z.array(z.string()) }),
    errors: ['NOT_FOUND', 'PRECONDITION', 'TOOL_MISSING'],
  }),
  'terminal.adopt': defineMethod({
    summary: "Takes a session of the user's own tmux into view: a terminal that is attached to it. Ending the terminal only detaches.",
    access: 'operate',
    effect: 'mutation',
    params: {
      socketPath: AbsolutePath.describe('The socket of the tmux server.'),
      session: z.string().min(1).max(limits.nameChars).describe('Its name or id there.'),
    },
    result: Terminal,
    errors: ['NOT_FOUND', 'PRECONDITION', 'ALREADY_EXISTS', 'TOOL_MISSING', 'TOOL_FAILED'],
  }),
  'terminal.kill': defineMethod({
    summary: 'Ends a terminal and all that runs in it.',
    access: 'operate',
    effect: 'mutation',
    params: { terminal },
    result: Ok,
    errors: ['NOT_FOUND', 'PRECONDITION', 'TOOL_FAILED'],
  }),
};

export const terminalEvents = {
  'terminal.created': defineEvent({ summary: 'A terminal is there, detached.', data: z.object({ name: z.string(), cwd: z.string() }) }),
  'terminal.ended': defineEvent({
    summary: 'A terminal is gone.',
    data: z.object({ name: z.string(), status: z.enum(['ended', 'lost']), reason: z.string() }),
  }),
};
