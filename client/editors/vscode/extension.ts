// What VS Code calls. Here everything is put together; the daemon is reached through one link, and what is shown follows its events.
import { commands, type ExtensionContext, window, workspace } from 'vscode';
import { isRpcClientError, RpcClientError, type StreamItem } from '../../index.ts';
import { type App, tellError } from './app.ts';
import { createNotifier } from './attention/notifier.ts';
import { registerCommands } from './commands/register.ts';
import { createDocuments } from './documents.ts';
import { Link } from './link.ts';
import { configNotice } from './model/config-notice.ts';
import { eventLine } from './model/event-line.ts';
import { plainLine } from './model/plain.ts';
import { Sync } from './model/sync.ts';
import { touchedBy } from './model/touched.ts';
import { emptyWorld } from './model/world.ts';
import { OutputFollower } from './output-follower.ts';
import { createStatusBar, type LinkState } from './status-bar.ts';
import { createTextChannel } from './text-channel.ts';
import { createTreeView } from './tree-view.ts';

const noticeMs = 10_000;

export function activate(context: ExtensionContext): void {
  const world = emptyWorld();
  const log = createTextChannel('coppice events');
  const documents = createDocuments();
  const output = new OutputFollower(createTextChannel('coppice output'), (error) => tellError({ log }, error));
  const tree = createTreeView(world);
  const statusBar = createStatusBar(world);
  let state: LinkState = 'connecting';
  const become = (next: LinkState, why?: string): void => {
    state = next;
    statusBar.show(next, why);
    void commands.executeCommand('setContext', 'coppice.state', next);
  };
  const app: App = {
    ...{ world, documents, output, log, env: process.env },
    client() {
      if (link.client !== undefined) return link.client;
      throw new RpcClientError('NOT_CONNECTED', 'No daemon answers; "coppice daemon start" starts one.');
    },
  };
  const notifier = createNotifier(app);
  const sync = new Sync({
    world,
    changed() {
      tree.refresh();
      statusBar.show(state);
      if (link.client !== undefined) notifier.look();
    },
    failed(error) {
      if (!isRpcClientError(error)) tellError(app, error);
      link.start();
    },
  });
  const link = new Link({
    env: process.env,
    version: String(context.extension.packageJSON.version),
    socketPath: () => workspace.getConfiguration('coppice').get('socket', ''),
    async connected(client) {
      await sync.load(client);
      become('connected');
      log.lines(`connected to ${client.socketPath}`);
      output.again(client);
    },
    event(client, item) {
      tell(app, item);
      sync.touch(client, touchedBy(item));
    },
    away(sentence) {
      if (state === 'away') return;
      become('away', plainLine(sentence));
      log.lines(sentence);
      void window.showWarningMessage(`coppice: ${plainLine(sentence)}`);
    },
  });
  context.subscriptions.push(
    ...[link, tree, statusBar, documents, output, log],
    ...registerCommands(app, () => link.start()),
    tree.view.onDidChangeSelection(({ selection: [node] }) => {
      if (node?.ref.sessionId !== undefined && link.client !== undefined) output.follow(link.client, node.ref.sessionId);
    }),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('coppice.socket')) link.start();
    }),
  );
  become('connecting');
  link.start();
}

/** Everything into the log, and what concerns the configuration to where it is seen. */
function tell({ log }: App, item: StreamItem): void {
  const line = eventLine(item);
  if (line !== undefined) log.lines(line);
  const notice = configNotice(item);
  if (notice === undefined) return;
  if (notice.level === 'info') return void window.setStatusBarMessage(notice.text, noticeMs);
  const show = notice.level === 'warning' ? window.showWarningMessage : window.showInformationMessage;
  void show(notice.text, 'Show Events').then((chosen) => chosen !== undefined && log.show());
}
