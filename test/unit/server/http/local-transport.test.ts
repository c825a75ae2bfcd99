/** What becomes of an in-process body: exactly what JSON would have kept of it. */
import t from 'tap'
import { withoutUndefined } from '#server/http/local-transport.ts'

void t.test('undefined members vanish, everything else stays as it is', async t => {
  const whole = { a: 1, b: [{ c: null }], d: { e: 'f' } }
  t.equal(withoutUndefined(whole), whole, 'the same object when there is nothing to drop')
  t.strictSame(withoutUndefined({ a: undefined, b: { c: undefined, d: [undefined, 1] } }), {
    b: { d: [null, 1] },
  })
  t.equal(withoutUndefined(undefined), undefined)
})
