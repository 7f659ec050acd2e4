/** The commands that every project has, as files, so that they pass through the same parser. */
export const builtinCommands: readonly string[] = [
  `name: start
description: Makes a worktree for a branch and a terminal in it.
category: worktree
lifecycle: worktree
arguments:
  - name: name
    required: true
    description: The branch.
  - name: base_branch
    description: What the branch begins at, when it is new; default is the default branch of the repository.
  - name: existing
    choices: [refuse, reuse]
    default: refuse
    description: Whether a worktree that the branch has already is refused, or gets another terminal.
steps:
  - type: builtin
    action: start-worktree-session
    args:
      branch: "{{ name }}"
      base: "{{ base_branch | default('') }}"
      existing: "{{ existing }}"
`,
];
