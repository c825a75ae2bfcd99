/**
 * The rules (`x-kubernetes-validations`) of a schema, as far as they can be judged without a compiler: what is there,
 * its lines, its reason, and the field it blames. Pure. Expressions themselves are kept as they are.
 * Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go, pkg/apiserver/schema/cel
 * ValidFieldPath
 */
import { type Faults, required, unsupported, wrong } from '#api/validation/fault.ts'
import { type Schema, schemaAt, schemasAt } from '#api/validation/structural-schemas.ts'

const REASONS: readonly string[] = [
  'FieldValueDuplicate',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueRequired',
]
const NOT_EMPTY = 'must be non-empty if specified'
const ONE_LINE = 'must not contain line breaks'
const hasLines = (text: string): boolean => /[\r\n]/.test(text)

export function validateValueRules(faults: Faults, field: string, schema: Schema): void {
  for (const [index, rule] of schemasAt(schema, 'x-kubernetes-validations').entries()) {
    const place = `${field}[${index}]`
    const textOf = (name: string): string => {
      const value = rule[name]
      return typeof value === 'string' ? value : ''
    }
    const message = textOf('message')
    const expression = textOf('rule').trim()
    if (expression === '') faults.push(required(`${place}.rule`, 'rule is not specified'))
    else if (message !== '' && message.trim() === '') {
      faults.push(wrong(`${place}.message`, message, NOT_EMPTY))
    } else if (hasLines(message.trim())) {
      faults.push(wrong(`${place}.message`, message, ONE_LINE))
    } else if (hasLines(expression) && message.trim() === '') {
      const detail = 'message must be specified if rule contains line breaks'
      faults.push(required(`${place}.message`, detail))
    }
    const messageExpression = textOf('messageExpression')
    if (messageExpression !== '' && messageExpression.trim() === '') {
      const detail = `messageExpression ${NOT_EMPTY}`
      faults.push(required(`${place}.messageExpression`, detail))
    }
    const reason = rule['reason']
    if (typeof reason === 'string' && !REASONS.includes(reason)) {
      faults.push(unsupported(`${place}.reason`, reason, REASONS))
    }
    validateFieldPath(faults, `${place}.fieldPath`, { schema, path: textOf('fieldPath') })
  }
}

function validateFieldPath(
  faults: Faults,
  field: string,
  { schema, path }: { readonly schema: Schema; readonly path: string },
): void {
  if (path === '') return
  if (path.trim() === '') faults.push(wrong(field, path, NOT_EMPTY))
  if (hasLines(path)) faults.push(wrong(field, path, ONE_LINE))
  if (!leadsSomewhere(schema, path)) faults.push(wrong(field, path, 'must be a valid path'))
}

const STEP = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y

/** `.spec.color`, `.labels['a.b']`: each step is a property, or a key of a map. */
function leadsSomewhere(root: Schema, path: string): boolean {
  let schema: Schema | undefined = root
  let at = 0
  while (at < path.length) {
    STEP.lastIndex = at
    const [found = '', plain, quoted = ''] = STEP.exec(path) ?? []
    if (found === '') return false
    const name: string = plain ?? quoted.replaceAll(/\\(.)/g, '$1')
    const properties: Schema | undefined = schemaAt(schema, 'properties')
    schema =
      properties === undefined
        ? schemaAt(schema, 'additionalProperties')
        : schemaAt(properties, name)
    if (schema === undefined) return false
    at = STEP.lastIndex
  }
  return true
}
