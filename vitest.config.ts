import { relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes a minute or more begins first, so that nothing long is left over when the rest is done. */
const longest = [
  'tests/payments/charge-run-crash.test.ts',
  'tests/command-line.test.ts',
  'tests/process.test.ts',
  'tests/import/telco.test.ts',
  'tests/closing/crash.test.ts',
  'tests/payments/faults.test.ts',
  'tests/payments/agreement.test.ts',
  'tests/e2e/accessibility.test.ts',
  'tests/e2e/sign-in.test.ts',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = longest.indexOf(relative(import.meta.dirname, moduleId))
      return found === -1 ? longest.length : found
    }
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other))
  }
}

export default defineConfig({
  test: {
    globalSetup: ['tests/global-setup.ts'],
    include: ['server/**/*.test.ts', 'tests/**/*.test.ts', 'web/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
})
