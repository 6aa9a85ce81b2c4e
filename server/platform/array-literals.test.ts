import { expect, it } from 'vitest'
import { arrayLiteral } from './array-literals.ts'

it('writes an array as PostgreSQL reads it', () => {
  expect(arrayLiteral([])).toBe('{}')
  expect(arrayLiteral([1, null, -2, undefined, true])).toBe('{1,NULL,-2,NULL,true}')
  expect(arrayLiteral([Temporal.PlainDate.from('2026-05-31')])).toBe('{2026-05-31}')
  expect(
    arrayLiteral(['plain_1', '', 'null', 'NULL', 'a b', '{}', ',', '"q"', 'back\\slash', 'ção', '\n']),
  ).toBe('{plain_1,"","null","NULL","a b","{}",",","\\"q\\"","back\\\\slash","ção","\n"}')
})
