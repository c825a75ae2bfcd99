/** The requests of test/fixtures/cases and what upstream answered to them (test/fixtures/upstream). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Answer, Asked } from './answers.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')

export const pathOfAnswers = (area: string): string => join(FIXTURES, 'upstream', `${area}.json`)

/** Throws when the file exports no CASES. */
export async function casesOf(area: string): Promise<readonly Asked[]> {
  const module: { readonly CASES?: readonly Asked[] } = await import(
    join(FIXTURES, 'cases', `${area}.ts`)
  )
  if (module.CASES === undefined) throw new Error(`test/fixtures/cases/${area}.ts has no CASES`)
  return module.CASES
}

/** In the order of the cases. */
export const answersOf = (area: string): readonly Answer[] =>
  JSON.parse(readFileSync(pathOfAnswers(area), 'utf8'))
