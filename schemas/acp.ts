import { z } from 'zod';
import { defineMethod } from './define.ts';
import { AbsolutePath, Environment } from './primitives.ts';
import { workSessionRef } from './work-session.ts';

export const acpMethods = {
  'acp.upgrade': defineMethod({
    summary: 'Answers once; from then on this connection speaks the Agent Client Protocol, with the daemon as the agent.',
    access: 'read',
    effect: 'read',
    params: {
      workSessionId: workSessionRef.optional().describe('session/new gives this work session, whatever its cwd.'),
      cwd: AbsolutePath.optional().describe('session/list without a cwd lists the project of this one.'),
      environment: Environment.default({}).describe('Of the program that the editor started, for sessions that are begun from here.'),
    },
    result: z.object({ protocolVersion: z.int().describe('Of the Agent Client Protocol.') }),
    errors: ['NOT_FOUND', 'PRECONDITION'],
  }),
};
