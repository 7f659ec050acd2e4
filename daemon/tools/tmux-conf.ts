// The configuration of the private tmux server. The user's own is never read, so that no plugin or binding changes what we rely on.

/** `window-size manual` must never be set: it crashes tmux 3.3a. */
export function tmuxConf(options: { readonly historyLines?: number } = {}): string {
  return `${[
    '# Written by coppice; changes are lost at its next start.',
    // The server starts empty and stays when the last terminal is gone.
    'set -s exit-empty off',
    'set -s escape-time 10',
    'set -s focus-events on',
    'set -s default-terminal screen-256color',
    'set -g default-size 200x50',
    `set -g history-limit ${options.historyLines ?? 20_000}`,
    // What the server alone is to have (no-logins.ts) is not for its programs.
    'set-environment -gu LD_PRELOAD',
    // The client that attaches must not change what later windows see.
    'set -g update-environment ""',
    'set -g destroy-unattached off',
    'set -g detach-on-destroy on',
    'set -g mouse on',
    'set -g visual-activity off',
    'set -g status on',
    'set -g status-interval 0',
    `set -g status-left '[#{session_name}] '`,
    'set -g status-left-length 60',
    `set -g status-right ' #{?pane_dead,ended,#{pane_current_command}} '`,
    // The screen of an ended step stays to be looked at.
    'set -g remain-on-exit on',
    // Nothing of tmux is written on that screen; older versions do not know this option.
    `set -gq remain-on-exit-format ''`,
    'set -g window-size latest',
    'set -g aggressive-resize off',
    // Names are ours; a program in the terminal does not change them.
    'set -g allow-rename off',
    'set -g automatic-rename off',
    'set -g set-titles off',
  ].join('\n')}\n`;
}
