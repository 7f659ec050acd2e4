import { defineConfig } from 'vitest/config';

// Vitest reads the default export of this file.
// biome-ignore lint/style/noDefaultExport: vitest wants it
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/helpers/build.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: true,
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['{schemas,rpc,client,daemon}/**/*.{ts,mjs}'],
      // What only VS Code itself can load; tests/flows/editors runs it there.
      exclude: ['client/editors/vscode/*.{ts,mjs}', 'client/editors/vscode/{attention,commands}/**'],
      // tests/coverage adds what ran in daemons, and has the floor.
      reporter: ['json'],
      reportOnFailure: true,
    },
  },
});
