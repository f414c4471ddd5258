import { defineConfig } from 'vitest/config';

// `fast` needs nothing built; `e2e` starts the built server and the built CLI as processes; `agent` runs them and the real Agent
// SDK from `tests/agent`, which is installed only for that.
export default defineConfig({
  test: {
    reporters: ['default', './tests/support/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'fast',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/e2e/**', 'tests/agent/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Each file starts processes of its own; side by side they would measure one another.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'agent',
          include: ['tests/agent/*.test.ts'],
          globalSetup: ['tests/agent/install.ts'],
          testTimeout: 240_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
