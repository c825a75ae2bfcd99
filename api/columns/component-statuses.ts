/**
 * Rows of ComponentStatuses. Pure.
 * Source: kubernetes pkg/printers/internalversion/printers.go printComponentStatus
 */
import { NAME, nameOf, type Printer, text } from '#api/columns/printer.ts'
import type { ComponentStatus } from '#api/types/core-v1.ts'

const HEALTH: Readonly<Record<string, string>> = { True: 'Healthy', False: 'Unhealthy' }

export const componentStatusPrinter: Printer = {
  columns: [
    NAME,
    text('Status', 'Whether the component is healthy.'),
    text('Message', 'What it said.'),
    text('Error', 'Why it could not be asked.'),
  ],
  cells(component: ComponentStatus) {
    const condition = component.conditions?.find(({ type }) => type === 'Healthy')
    return [
      nameOf(component),
      HEALTH[condition?.status ?? ''] ?? 'Unknown',
      condition?.message ?? '',
      condition?.error ?? '',
    ]
  },
}
