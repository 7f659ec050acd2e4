// Documents of the daemon, read only. The newest are kept, so that a tab can be opened again.
import { type Disposable, EventEmitter, languages, type TextDocumentContentProvider, Uri, ViewColumn, window, workspace } from 'vscode';
import { plainLine } from './model/plain.ts';

export interface DocumentToShow {
  /** Stands on the tab; a document of the same name is replaced. */
  readonly name: string;
  readonly text: string;
  /** Never markdown: its links would be live, those that run commands too. */
  readonly language: 'plaintext' | 'diff';
}

export interface Documents extends Disposable {
  show(document: DocumentToShow): Promise<void>;
}

const scheme = 'coppice';
const mostKept = 50;

export function createDocuments(): Documents {
  const texts = new Map<string, string>();
  const changed = new EventEmitter<Uri>();
  const provider: TextDocumentContentProvider = {
    onDidChange: changed.event,
    provideTextDocumentContent: ({ path }) => texts.get(path) ?? 'This is not kept any more; show it again.\n',
  };
  const registration = workspace.registerTextDocumentContentProvider(scheme, provider);
  return {
    async show({ name, text, language }) {
      const uri = Uri.from({ scheme, path: `/${plainLine(name, 100).replaceAll('/', '∕')}` });
      // Anew, so that it counts as the newest.
      texts.delete(uri.path);
      texts.set(uri.path, text);
      for (const path of [...texts.keys()].slice(0, -mostKept)) texts.delete(path);
      changed.fire(uri);
      const document = await workspace.openTextDocument(uri);
      // A language may come with the name, and what is shown decides alone.
      await languages.setTextDocumentLanguage(document, language);
      await window.showTextDocument(document, { preview: true, viewColumn: ViewColumn.Active });
    },
    dispose() {
      registration.dispose();
      changed.dispose();
    },
  };
}
