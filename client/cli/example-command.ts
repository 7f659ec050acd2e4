/** What `coppice init` writes. */
export const exampleCommand = `# A command: what to run, and what it needs. Start it with "coppice run example".
# The name is its identity, whatever the file is called.
name: example
description: Shows what a command can do
category: examples

# Where steps run. standard: in the project. session: in a terminal of its own, too.
# worktree: in a terminal and a fresh git worktree on a branch of its own.
lifecycle: standard

# Given as key=value: coppice run example greeting='good morning'
arguments:
  - name: greeting
    default: hello
    description: What to say

# Reaches every step. Templates expand here; in shell text the variables do.
environment:
  EXAMPLE_PROJECT: "{{ project }}"

# Seconds that the whole session may take; 0 is no bound.
timeout: 60

steps:
  - name: greet
    type: shell
    action: echo "$COPPICE_ARG_GREETING from $EXAMPLE_PROJECT"
  # A step publishes values for later ones by writing key=value lines.
  - name: count files
    type: shell
    action: echo "files=$(git ls-files | wc -l | tr -d ' ')" >> "$COPPICE_OUTPUT_FILE"

# Run when a step fails, while the worktree and the terminal are still there.
cleanup_on_failure:
  - echo "the example failed"
`;
