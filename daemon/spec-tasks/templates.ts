// Prepared requests: what a kind of task always says and needs.
export interface TaskTemplate {
  readonly promptFor: (text: string) => string;
  readonly agents?: readonly string[];
}

export interface TaskTemplates {
  /** Throws NOT_FOUND with near names. */
  get(projectPath: string, name: string): Promise<TaskTemplate>;
}
