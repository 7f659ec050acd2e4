// Where the user is: the list, or something that was opened over it. Pure data.
import type { Permission } from '../../../schemas/index.ts';
import type { Notice } from './apply-event.ts';
import type { Target } from './row.ts';

export type Screen =
  | { readonly kind: 'list' }
  /** The text is being typed. */
  | { readonly kind: 'filter' }
  | { readonly kind: 'help'; readonly top: number }
  | PlanScreen
  | OutputScreen
  | PermissionScreen
  | QuestionScreen
  | { readonly kind: 'confirm'; readonly target: Target };

export interface PlanScreen {
  readonly kind: 'plan';
  readonly specTaskId: string;
  readonly title: string;
  readonly revision: number;
  /** It waits for an approval. */
  readonly inReview: boolean;
  readonly text: readonly string[];
  readonly top: number;
}

export interface OutputScreen {
  readonly kind: 'output';
  readonly sessionId: string;
  readonly title: string;
  readonly text: readonly string[];
  readonly ended: boolean;
  /** Undefined: at the end, and going along with it. */
  readonly top: number | undefined;
}

export interface PermissionScreen {
  readonly kind: 'permission';
  readonly attentionId: string;
  readonly permission: Permission;
  readonly chosen: number;
}

export interface QuestionScreen {
  readonly kind: 'question';
  readonly attentionId: string;
  readonly workSessionId: string;
  readonly question: string;
  readonly text: string;
}

export interface Ui {
  readonly screen: Screen;
  /** Key of a row. */
  readonly selected: string | undefined;
  readonly filter: string;
  readonly notice: Notice | undefined;
  /** The daemon does not answer. */
  readonly away: boolean;
}

export const firstUi: Ui = { screen: { kind: 'list' }, selected: undefined, filter: '', notice: undefined, away: false };

/** What a key asks of the world outside. */
export type Effect =
  | { readonly do: 'quit' }
  | { readonly do: 'attach' | 'openPlan' | 'openPermission' | 'openQuestion' | 'cancel'; readonly target: Target }
  | { readonly do: 'openOutput'; readonly target: Target }
  | { readonly do: 'closeOutput' }
  | { readonly do: 'approve'; readonly specTaskId: string; readonly revision: number }
  | { readonly do: 'answerPermission'; readonly permissionId: string; readonly optionId: string; readonly name: string }
  | { readonly do: 'answerQuestion'; readonly workSessionId: string; readonly answer: string };

export interface Pressed {
  readonly ui: Ui;
  readonly effect?: Effect;
}
