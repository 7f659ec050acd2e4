import { z } from 'zod';
import { defineEvent, defineMethod } from './define.ts';
import { AbsolutePath, Id, NextCursor, Ok, page, Ref, Time } from './primitives.ts';

export const Project = z
  .object({
    id: Id,
    name: z.string(),
    path: z.string().describe('The main checkout.'),
    defaultBranch: z.string().optional().describe('As the repository has it; absent in an empty one.'),
    createdAt: Time,
  })
  .meta({ id: 'Project' });
export type Project = z.infer<typeof Project>;

export const projectMethods = {
  'project.add': defineMethod({
    summary: 'Registers the git repository that holds a path; a registered one is answered as it is.',
    access: 'operate',
    effect: 'mutation',
    params: { path: AbsolutePath, name: z.string().min(1).max(80).optional() },
    result: Project,
    errors: ['PRECONDITION', 'ALREADY_EXISTS', 'TOOL_FAILED', 'TOOL_MISSING'],
  }),
  'project.list': defineMethod({
    summary: 'Registered repositories by name.',
    access: 'read',
    effect: 'read',
    params: { ...page },
    result: z.object({ projects: z.array(Project), nextCursor: NextCursor }),
  }),
  'project.get': defineMethod({
    summary: 'One project by id, name, or any path inside it or one of its worktrees.',
    access: 'read',
    effect: 'read',
    params: { project: Ref },
    result: Project,
    errors: ['NOT_FOUND'],
  }),
  'project.remove': defineMethod({
    summary: 'Forgets a project that has no live session or worktree; no file is touched.',
    access: 'operate',
    effect: 'mutation',
    params: { project: Ref },
    result: Ok,
    errors: ['NOT_FOUND', 'PRECONDITION'],
  }),
};

export const projectEvents = {
  'project.added': defineEvent({ summary: 'A repository was registered.', data: Project }),
  'project.removed': defineEvent({ summary: 'A project was forgotten.', data: z.object({ name: z.string(), path: z.string() }) }),
};
