/** Text as Go prints it into messages. */
import t from 'tap'
import { goQuote, goSyntax, goText, goTypeOf } from '#api/go-text.ts'

void t.test('%q', async t => {
  const rows: readonly (readonly [text: string, quoted: string])[] = [
    ['plain', '"plain"'],
    ['a "b" \\', '"a \\"b\\" \\\\"'],
    ['a\u0000b\u0007\t\n\v\u007f', '"a\\x00b\\a\\t\\n\\v\\x7f"'],
    ['größe 日本', '"größe 日本"'],
    ['zero\u200bwidth\ufeff', '"zero\\u200bwidth\\ufeff"'],
    ['tag \u{e0001}', '"tag \\U000e0001"'],
    ['no-break\u00a0space', '"no-break\\u00a0space"'],
  ]
  for (const [text, quoted] of rows) t.equal(goQuote(text), quoted)
})

void t.test('%v, %#v and %T of decoded JSON', async t => {
  const value = { b: [1, 'x', null, true], a: { c: 1.5 } }
  t.equal(goText(value), 'map[a:map[c:1.5] b:[1 x <nil> true]]')
  t.equal(
    goSyntax({ b: [1, 'x'], a: {} }),
    'map[string]interface {}{"a":map[string]interface {}{}, "b":[]interface {}{1, "x"}}',
  )
  const types = [3, 1.5, 'x', true, [], {}].map(goTypeOf)
  t.same(types, ['int64', 'float64', 'string', 'bool', '[]interface {}', 'map[string]interface {}'])
})
