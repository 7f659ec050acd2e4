import { window, workspace } from 'vscode';
import type { CommandSummary } from '../../../../schemas/index.ts';
import { everyPage } from '../../../cli/every-page.ts';
import { environmentFor } from '../../../cli/start-session.ts';
import { isFailure } from '../../../index.ts';
import type { App } from '../app.ts';
import type { TreeNode } from '../model/node.ts';
import { plainLine } from '../model/plain.ts';
import { askArguments } from './ask-arguments.ts';
import { projectWith } from './pick.ts';

/** As `coppice run -d`: a command of a project, its arguments, and the environment of the editor. */
export async function startCommand(app: App, node: TreeNode | undefined): Promise<void> {
  const project = await projectOf(app, node);
  if (project === undefined) return;
  const client = app.client();
  const commands = await everyPage((page) => client.command.list({ project, ...page }), 'commands');
  const picked = await window.showQuickPick(commands.map(itemOf), { placeHolder: 'Which command?', matchOnDescription: true });
  if (picked === undefined) return;
  const { name } = picked.command;
  const given = await askArguments(name, (await client.command.get({ project, name })).arguments);
  if (given === undefined) return;
  const session = await app.client().session.start({ project, command: name, arguments: given, environment: environmentFor(app.env) });
  app.output.follow(app.client(), session.id);
}

function itemOf(command: CommandSummary): { label: string; description: string; command: CommandSummary } {
  const { name, description, valid, diagnostics } = command;
  const wrong = valid ? '' : `broken: ${diagnostics[0]?.message ?? 'it can not be read'} `;
  return { label: plainLine(name), description: plainLine(`${wrong}${description}`), command };
}

/** The open folder's repository is registered on first use, as the CLI does with its directory. */
async function projectOf(app: App, node: TreeNode | undefined): Promise<string | undefined> {
  if (node !== undefined) return node.ref.projectId;
  const folders = workspace.workspaceFolders?.filter(({ uri }) => uri.scheme === 'file') ?? [];
  const [folder] = folders;
  if (folder === undefined || folders.length > 1) return projectWith(app, undefined);
  try {
    return (await app.client().project.add({ path: folder.uri.fsPath })).id;
  } catch (error) {
    // It is no repository; what else is known can be started all the same.
    if (isFailure(error) && error.kind === 'PRECONDITION' && app.world.projects.size > 0) return projectWith(app, undefined);
    throw error;
  }
}
