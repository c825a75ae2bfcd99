/** How two states differ, for messages about what may not change. Pure; the number of lines is bounded. */

import { canonicalJson, equalJson, isList } from '#api/json.ts'
import { isRecord } from '#api/values.ts'

const DIFFERENCES_MAX = 20

/** One line per changed field: `- spec.nodeName: "a"` and `+ spec.nodeName: "b"`. */
export function differencesOf(path: string, before: unknown, after: unknown): string {
  const lines: string[] = []
  collect(lines, path, before, after)
  return lines.slice(0, DIFFERENCES_MAX).join('\n')
}

function collect(lines: string[], path: string, before: unknown, after: unknown): void {
  if (equalJson(before, after)) return
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      collect(lines, `${path}.${key}`, before[key], after[key])
    }
  } else if (isList(before) && isList(after) && before.length === after.length) {
    for (const [index, item] of before.entries()) {
      collect(lines, `${path}[${index}]`, item, after[index])
    }
  } else {
    if (before !== undefined) lines.push(`- ${path}: ${canonicalJson(before)}`)
    if (after !== undefined) lines.push(`+ ${path}: ${canonicalJson(after)}`)
  }
}
