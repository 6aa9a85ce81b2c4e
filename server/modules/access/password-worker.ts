// A thread of its own: loads the dictionaries once and scores passwords (password-strength.ts).
import { parentPort } from 'node:worker_threads'
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common'
import { dictionary as english, translations } from '@zxcvbn-ts/language-en'
import { dictionary as spanish } from '@zxcvbn-ts/language-es-es'
import { dictionary as portuguese } from '@zxcvbn-ts/language-pt-br'

export type ScoreQuestion = { id: number; password: string; whole: string; inputs: string[] }
export type ScoreAnswer = {
  id: number
  score: number
  warning: string | null
  suggestions: string[]
  common: boolean
}

/** What is said is a code: its text stands in our own catalogue (security:password.advice). */
const codes = <T extends object>(texts: T) =>
  Object.fromEntries(
    Object.keys(texts).map((code) => [
      code,
      code.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    ]),
  ) as T

const zxcvbn = new ZxcvbnFactory({
  dictionary: { ...common, ...english, ...spanish, ...portuguese },
  graphs: adjacencyGraphs,
  translations: {
    ...translations,
    warnings: codes(translations.warnings),
    suggestions: codes(translations.suggestions),
  },
  // Every written form of "p4ssw0rd" would take seconds for a hostile password.
  l33tMaxSubstitutions: 8,
})
const commonPasswords = new Set(common['passwords-common'] as string[])

parentPort?.on('message', ({ id, password, whole, inputs }: ScoreQuestion) => {
  const { score, feedback } = zxcvbn.check(password, inputs)
  parentPort?.postMessage({
    id,
    score,
    warning: feedback.warning || null,
    suggestions: feedback.suggestions,
    common: commonPasswords.has(whole),
  } satisfies ScoreAnswer)
})
