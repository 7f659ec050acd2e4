/** Every key of the list, and of what is opened over it. */
export const keyHelp: readonly (readonly [key: string, does: string])[] = [
  ['up, down, j, k', 'move; PgUp and PgDn by pages, g and G to the ends'],
  ['Enter', 'open: a plan to review, a question to answer, else the output'],
  ['a', 'attach to the terminal; Ctrl-b d, the keys of tmux, come back'],
  ['o', 'follow the output'],
  ['p', 'show the plan of a spec task'],
  ['r', 'answer a permission or a question'],
  ['c', 'cancel a session, work session or spec task; asks first'],
  ['/', 'show only what has a text in it; Esc shows all again'],
  ['?', 'this page'],
  ['q, Ctrl-C', 'quit; everything goes on running'],
  ['', ''],
  ['in a plan', 'a approves the revision that is shown, and starts the work'],
  ['in an output', 'up and down look back, G goes along with the end again'],
  ['in a permission', 'a digit, or up and down and Enter, chooses an option'],
  ['Esc, q', 'back to the list'],
];
