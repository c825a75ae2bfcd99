/** Label selectors as cells. Pure. Source: k8s.io/apimachinery pkg/apis/meta/v1/helpers.go FormatLabelSelector */
import { orNone } from '#api/columns/printer.ts'
import { formatLabelSelector, labelSelectorOf, type LabelSelectorObject } from '#api/selectors.ts'

/** Unlike pods' own labels, an unusable selector must not break the whole table. */
export function selectorText(selector: LabelSelectorObject | undefined): string {
  try {
    return orNone(formatLabelSelector(labelSelectorOf(selector)))
  } catch {
    return '<error>'
  }
}
