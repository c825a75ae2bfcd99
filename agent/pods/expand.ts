/**
 * `$(VAR)` references in commands, arguments and values. `$$` is a dollar; an unknown name stays as it is. Pure.
 * Source: k8s.io/kubernetes third_party/forked/golang/expansion
 */

/**
 * `$(A)-$$(A)-$(B` with A=1 gives `1-$(A)-$(B`.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  let result = ''
  let index = 0
  while (index < text.length) {
    const dollar = text.indexOf('$', index)
    if (dollar < 0 || dollar === text.length - 1) return result + text.slice(index)
    result += text.slice(index, dollar)
    const next = text[dollar + 1]
    const close = next === '(' ? text.indexOf(')', dollar) : -1
    if (next === '$') {
      result += '$'
      index = dollar + 2
    } else if (close > 0) {
      const name = text.slice(dollar + 2, close)
      result += lookup(name) ?? `$(${name})`
      index = close + 1
    } else {
      result += next === '(' ? '$(' : `$${next}`
      index = dollar + 2
    }
  }
  return result
}
