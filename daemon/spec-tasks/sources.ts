// Where a request can come from beside a prompt.
export interface Sources {
  /** Throws INVALID_PARAMS for what is no source, TOOL_FAILED or TOOL_MISSING when it can not be fetched. */
  fetch(from: string, projectPath: string): Promise<{ prompt: string; source: { kind: 'github' | 'jira' | 'url'; key: string } }>;
}
